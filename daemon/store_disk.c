/* store_disk.c - files beside the database: the reserve, what was set aside. */
#include "store_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

void disk_beside(const char *path, const char *name, char ret_path[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(ret_path, PATH_MAX, "%.*s%s", slash ? (int)(slash - path + 1) : 0, path, name);
}

bool disk_is_same(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

int disk_sync_dir(const char *path)
{
	char dir[PATH_MAX];
	int fd, rc;

	disk_beside(path, ".", dir);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

int disk_save(const char *path, const char *bytes, size_t len, struct err *err)
{
	char fresh[PATH_MAX];
	int fd, failed;

	snprintf(fresh, sizeof fresh, "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		failed = write_all(fd, bytes, len);
		failed |= close(fd);
		if (!failed && rename(fresh, path) == 0 && disk_sync_dir(path) == 0)
			return 0;
	}
	return err_set(err, "cannot write %s: %s; make its directory writable and free some space", path,
	               strerror(errno));
}

int disk_sync_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) < 0;

	if (fd >= 0)
		close(fd);
	return failed ? err_set(err, "cannot write %s: %s", path, strerror(errno)) : 0;
}

/* With what SQLite had beside it. */
static void remove_part(const char *part)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[PATH_MAX + 16];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%s%s", part, ends[i]);
		unlink(name);
	}
}

void disk_begin_part(const char *path, char ret_part[PATH_MAX])
{
	snprintf(ret_part, PATH_MAX, "%s" DISK_PART, path);
	remove_part(ret_part);
}

int disk_in_place(bool failed, const char *part, const char *path, struct err *err)
{
	if (!failed && rename(part, path) < 0)
		failed = err_set(err, "cannot write %s: %s", path, strerror(errno)) < 0;
	if (failed)
		remove_part(part);
	else
		disk_sync_dir(path);
	return failed ? -1 : 0;
}

void disk_ballast_make(const char *path)
{
	char name[PATH_MAX], dir[PATH_MAX];
	struct statvfs fs;
	int fd;

	disk_beside(path, "ballast", name);
	disk_beside(path, ".", dir);
	if (access(name, F_OK) == 0 || statvfs(dir, &fs) < 0 ||
	    fs.f_bavail < 4 * DISK_BALLAST_BYTES / fs.f_frsize)
		return;
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (posix_fallocate(fd, 0, DISK_BALLAST_BYTES))
		unlink(name);
	close(fd);
}

bool disk_is_shut(const char *path)
{
	char dir[PATH_MAX];

	disk_beside(path, ".", dir);
	return access(dir, W_OK) < 0;
}

bool disk_is_low(const char *path, bool was_low)
{
	enum { PLENTY_BYTES = 1 << 30 };
	unsigned long long free_bytes;
	char dir[PATH_MAX];
	struct statvfs fs;

	disk_beside(path, ".", dir);
	if (statvfs(dir, &fs) < 0)
		return was_low;
	free_bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	return free_bytes < PLENTY_BYTES && fs.f_bavail < fs.f_blocks / (was_low ? 8 : 10);
}

bool disk_ballast_drop(const char *path)
{
	char name[PATH_MAX];

	disk_beside(path, "ballast", name);
	return unlink(name) == 0;
}

static long long size_of(const char *path, const char *suffix)
{
	char name[PATH_MAX];
	struct stat st;

	snprintf(name, sizeof name, "%s%s", path, suffix);
	return stat(name, &st) < 0 ? -1 : (long long)st.st_size;
}

bool disk_is_torn(const char *path)
{
	return size_of(path, "") <= 0 && size_of(path, "-wal") > 0;
}

static int move(const char *from, const char *to, const char *suffix)
{
	char a[PATH_MAX], b[PATH_MAX];

	snprintf(a, sizeof a, "%s%s", from, suffix);
	snprintf(b, sizeof b, "%s%s", to, suffix);
	return rename(a, b) < 0 && errno != ENOENT ? -1 : 0;
}

int disk_set_aside(const char *path, char ret_path[PATH_MAX], struct err *err)
{
	time_t now = time(NULL);
	char utc[32];
	struct tm tm;
	int n;

	strftime(utc, sizeof utc, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	n = snprintf(ret_path, PATH_MAX, "%s.bad-%s", path, utc);
	for (int i = 2; n < PATH_MAX - 16 && (size_of(ret_path, "") >= 0 || size_of(ret_path, "-wal") >= 0);
	     i++)
		snprintf(ret_path + n, 16, "-%d", i);
	/* The logs first: if this is cut short, the next start finds the bad file again. */
	if (move(path, ret_path, "-wal") || move(path, ret_path, "-shm") || move(path, ret_path, ""))
		return err_set(err, "cannot move the damaged %s aside to %s: %s; move it away by hand", path,
		               ret_path, strerror(errno));
	disk_sync_dir(path);
	return 0;
}
