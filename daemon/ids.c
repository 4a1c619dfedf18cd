/* ids.c - the side file `ids`: read once at open, rewritten with each block. */
#include "ids.h"

#include "store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t NUMBER_MAX = 1000000000000000; /* more digits nobody can type in a command */

/* "<word> <digits> " */
static bool take_number(const char **at, const char *word, int64_t *ret)
{
	size_t n = strlen(word);
	char *end;

	if (strncmp(*at, word, n) || (*at)[n] != ' ' || (*at)[n + 1] < '0' || (*at)[n + 1] > '9')
		return false;
	errno = 0;
	*ret = strtoll(*at + n + 1, &end, 10);
	if (errno || *end != ' ' || *ret >= NUMBER_MAX)
		return false;
	*at = end + 1;
	return true;
}

bool ids_parse(const char *line, struct ids_file *ret)
{
	if (!take_number(&line, "next", &ret->next) || !take_number(&line, "epoch", &ret->epoch) ||
	    !take_number(&line, "seq", &ret->seq) || strncmp(line, "hash ", 5))
		return false;
	line += 5;
	if (strspn(line, "0123456789abcdef") != 64 || strcmp(line + 64, "\n"))
		return false;
	memcpy(ret->hash, line, 64);
	ret->hash[64] = 0;
	return true;
}

int ids_read(const char *db, struct ids_file *ret, struct err *err)
{
	char path[PATH_MAX], line[IDS_LINE_BYTES];
	ssize_t n;
	int fd;

	*ret = (struct ids_file){0};
	disk_beside(db, "ids", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
		           ? 0
		           : err_set(err, "cannot read %s: %s", path, strerror(errno));
	n = read(fd, line, sizeof line - 1);
	close(fd);
	line[n > 0 ? n : 0] = 0;
	if (ids_parse(line, ret))
		return 0;
	*ret = (struct ids_file){0};
	return err_set(err,
	               "%s is not readable as `next N epoch N seq N hash H`; it is written anew with the "
	               "next block of numbers",
	               path);
}

void ids_line(const struct ids_file *ids, char ret[IDS_LINE_BYTES])
{
	snprintf(ret, IDS_LINE_BYTES, "next %lld epoch %lld seq %lld hash %s\n", (long long)ids->next,
	         (long long)ids->epoch, (long long)ids->seq, ids->hash);
}

int ids_write(const char *db, const struct ids_file *ids, struct err *err)
{
	char path[PATH_MAX], line[IDS_LINE_BYTES];

	ids_line(ids, line);
	disk_beside(db, "ids", path);
	return disk_save(path, line, strlen(line), err);
}
