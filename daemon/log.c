/* log.c - the only file that sees sd-journal.h. */
#include "log.h"

#include "base/text.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_BYTES = 4096, FIELDS_MAX = 32 };

static bool to_journal;

/* JOURNAL_STREAM is inherited by shells inside services: it counts only when
 * it names our own stderr. */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return;
	snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	to_journal = !strcmp(own, stream);
}

static void make_harmless(char *line)
{
	size_t len = utf8_cut(line, LINE_BYTES - 1);

	line[len] = 0;
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

void log_at(int priority, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	make_harmless(line);
	if (to_journal)
		sd_journal_send("MESSAGE=%s", line, "PRIORITY=%i", priority, NULL);
	else
		fprintf(stderr, "<%d>%s\n", priority, line);
}

static const char *field(const char *const *fields, const char *key)
{
	size_t len = strlen(key);

	for (; *fields; fields++)
		if (!strncmp(*fields, key, len))
			return *fields + len;
	return NULL;
}

static int print_fields(const char *const *fields)
{
	const char *message = field(fields, "MESSAGE="), *priority = field(fields, "PRIORITY=");
	char line[LINE_BYTES];

	snprintf(line, sizeof line, "%s", message ? message : "");
	make_harmless(line);
	return fprintf(stderr, "<%.1s>%s\n", priority ? priority : "6", line) < 0 ? -1 : 0;
}

int log_fields(const char *const *fields)
{
	struct iovec iov[FIELDS_MAX];
	int n = 0;

	if (!to_journal)
		return print_fields(fields);
	for (; fields[n] && n < FIELDS_MAX; n++)
		iov[n] = (struct iovec){.iov_base = (char *)fields[n], .iov_len = strlen(fields[n])};
	return sd_journal_sendv(iov, n) < 0 ? -1 : 0;
}
