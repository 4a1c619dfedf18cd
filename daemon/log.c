/* log.c - to the journal by its own protocol, or to stderr; never waiting for
 * who reads: a line that nobody takes at once is counted and dropped. */
#include "log.h"

#include "base/buf.h"
#include "base/text.h"
#include "fault.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A pipe that is writable takes 4096 bytes without waiting: prefix and line are no longer. */
enum { LINE_BYTES = 4000, OUT_BYTES = 4096, SEND_BUFFER_BYTES = 8 << 20 };

static int journal_fd = -1;
static struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
static pthread_mutex_t stderr_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_llong lost, lost_untold;

/* JOURNAL_STREAM is inherited by shells inside services: it counts only when
 * it names our own stderr. Fault point journal-socket=PATH: another socket. */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM"), *other = fault_arg("journal-socket");
	int bytes = SEND_BUFFER_BYTES;
	char own[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return;
	snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	if (strcmp(own, stream))
		return;
	if (other)
		snprintf(journal.sun_path, sizeof journal.sun_path, "%s", other);
	journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal_fd >= 0)
		setsockopt(journal_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

long long log_lost(void)
{
	return atomic_load(&lost);
}

static int count_lost(void)
{
	atomic_fetch_add(&lost, 1);
	atomic_fetch_add(&lost_untold, 1);
	return -1;
}

static void make_harmless(char *line)
{
	size_t len = utf8_cut(line, LINE_BYTES - 1);

	line[len] = 0;
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = '?';
}

/* -- the journal -- */

/* KEY=value; a value with line breaks as KEY, its length in 8 bytes, itself. */
static void add_field(struct buf *out, const char *field)
{
	const char *value = strchr(field, '=');
	uint64_t len;

	if (!value || !strchr(value, '\n')) {
		buf_str(out, field);
	} else {
		buf_add(out, field, (size_t)(value - field));
		buf_char(out, '\n');
		value++;
		len = strlen(value);
		for (int i = 0; i < 8; i++)
			buf_char(out, (char)(len >> 8 * i & 0xff));
		buf_add(out, value, len);
	}
	buf_char(out, '\n');
}

static int send_fields(const char *const *fields)
{
	struct buf out = {0};
	ssize_t n;

	buf_printf(&out, "SYSLOG_IDENTIFIER=%s\n", program_invocation_short_name);
	for (; *fields; fields++)
		add_field(&out, *fields);
	n = sendto(journal_fd, out.text, out.len, MSG_NOSIGNAL, (const struct sockaddr *)&journal,
	           sizeof journal);
	buf_fini(&out);
	return n < 0 ? -1 : 0;
}

static int send_line(int priority, const char *line)
{
	char message[LINE_BYTES + 16], level[16];
	const char *fields[] = {message, level, NULL};

	snprintf(message, sizeof message, "MESSAGE=%s", line);
	snprintf(level, sizeof level, "PRIORITY=%i", priority);
	return send_fields(fields);
}

/* -- stderr -- */

static int write_line(int priority, const char *line)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
	char out[OUT_BYTES];
	int len = snprintf(out, sizeof out, "<%d>%s\n", priority, line);
	ssize_t n = -1;

	pthread_mutex_lock(&stderr_lock);
	if (poll(&p, 1, 0) == 1 && p.revents == POLLOUT)
		n = write(STDERR_FILENO, out, (size_t)len);
	pthread_mutex_unlock(&stderr_lock);
	return n < 0 ? -1 : 0;
}

/* -- both -- */

static int put(int priority, const char *line)
{
	return journal_fd >= 0 ? send_line(priority, line) : write_line(priority, line);
}

static void tell_lost(void)
{
	long long n = atomic_exchange(&lost_untold, 0);
	char line[80];

	if (!n)
		return;
	snprintf(line, sizeof line, "%lld lines before this one are lost: nobody took them", n);
	if (put(LOG_WARNING, line) < 0)
		atomic_fetch_add(&lost_untold, n);
}

void log_at(int priority, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	make_harmless(line);
	tell_lost();
	if (put(priority, line) < 0)
		count_lost();
}

static const char *field(const char *const *fields, const char *key)
{
	size_t len = strlen(key);

	for (; *fields; fields++)
		if (!strncmp(*fields, key, len))
			return *fields + len;
	return NULL;
}

int log_fields(const char *const *fields)
{
	const char *message = field(fields, "MESSAGE="), *priority = field(fields, "PRIORITY=");
	char line[LINE_BYTES];

	tell_lost();
	if (journal_fd >= 0)
		return send_fields(fields) < 0 ? count_lost() : 0;
	snprintf(line, sizeof line, "%s", message ? message : "");
	make_harmless(line);
	return write_line(priority && *priority >= '0' && *priority <= '7' ? *priority - '0' : LOG_INFO,
	                  line) < 0
	           ? count_lost()
	           : 0;
}
