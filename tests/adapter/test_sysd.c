/* What systemd hears, on a socket that plays it; credentials; the log's lines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "log.h"
#include "sysd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int manager = -1;
static char path[64];

static const char *heard(void)
{
	static char text[512];
	ssize_t n = recv(manager, text, sizeof text - 1, 0);

	assert_true(n > 0);
	text[n] = 0;
	return text;
}

static void test_notifications(void **state)
{
	(void)state;
	sysd_ready("all is well");
	assert_string_equal(heard(), "READY=1\nSTATUS=all is well");
	sysd_reloading();
	assert_non_null(strstr(heard(), "RELOADING=1\nMONOTONIC_USEC="));
	sysd_status("2 open");
	assert_string_equal(heard(), "STATUS=2 open");
	sysd_feed();
	assert_string_equal(heard(), "WATCHDOG=1");
	sysd_stopping();
	assert_non_null(strstr(heard(), "STOPPING=1"));
}

static void test_watchdog_is_fed_three_times_a_period(void **state)
{
	(void)state;
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(sysd_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(sysd_watchdog_ms(), 10000);
	unsetenv("WATCHDOG_USEC");
}

static void test_credentials(void **state)
{
	struct buf text = {0};
	char file[80];
	struct err err;
	FILE *f;

	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(sysd_credential("broker", &text, &err), -1);
	assert_non_null(strstr(err.text, "LoadCredential=broker"));
	setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
	assert_int_equal(sysd_credential("../etc/passwd", &text, &err), -1);
	snprintf(file, sizeof file, "%s.secret", path);
	f = fopen(file, "w");
	fputs("secret\n", f);
	fclose(f);
	assert_int_equal(sysd_credential(strrchr(file, '/') + 1, &text, &err), 0);
	assert_string_equal(text.text, "secret\n");
	unlink(file);
	buf_fini(&text);
}

/* stderr through a pipe, for one line. */
static void test_log_lines_are_harmless(void **state)
{
	const char *const fields[] = {"MESSAGE=a\tb", "PRIORITY=1", NULL};
	int old = dup(STDERR_FILENO), ends[2];
	char text[6000];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_at(LOG_WARNING, "from %s", "a\nb\033[2J\x7f\xe7\xa1\xae");
	log_at(LOG_ERR, "%5000s", "long");
	assert_int_equal(log_fields(fields), 0);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(ends[1]);
	close(old);
	n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = 0;
	assert_memory_equal(text, "<4>from a?b?[2J?\xe7\xa1\xae\n<3>", 23);
	assert_string_equal(text + n - 8, "\n<1>a?b\n");
	close(ends[0]);
}

static int setup(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)state;
	snprintf(path, sizeof path, "/tmp/sysd-%d", (int)getpid());
	strcpy(address.sun_path, path);
	unlink(path); /* of another process that had our number */
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return bind(manager, (struct sockaddr *)&address, sizeof address);
}

static int teardown(void **state)
{
	(void)state;
	close(manager);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_notifications),
	    cmocka_unit_test(test_watchdog_is_fed_three_times_a_period),
	    cmocka_unit_test(test_credentials),
	    cmocka_unit_test(test_log_lines_are_harmless),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
