/* broker.h - a private mosquitto for one test: on 127.0.0.1, in a directory of
 * its own, ended by its pid. In the configuration @DIR@ stands for the
 * directory and @PORT@ for the port. */
#ifndef TOCSIN_TEST_BROKER_H
#define TOCSIN_TEST_BROKER_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEST_LIMIT_MS = 180000 };

struct test_broker {
	char dir[64];
	int port;
	pid_t pid; /* 0: not running */
};

static inline int64_t test_now_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static inline void test_nap(void)
{
	struct timespec at = {0, 2000000};

	nanosleep(&at, NULL);
}

/* Waits for a condition; false when limit_ms is over. */
#define TEST_UNTIL(condition, limit_ms) \
	({ \
		int64_t test_end_ms = test_now_ms() + (limit_ms); \
		while (!(condition) && test_now_ms() < test_end_ms) \
			test_nap(); \
		(condition); \
	})

static inline void test_die(const char *what)
{
	fprintf(stderr, "test broker: %s\n", what);
	abort();
}

static inline int test_socket(int port, bool listens)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, rc, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listens) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		rc = bind(fd, (struct sockaddr *)&at, sizeof(at));
		rc = rc == 0 ? listen(fd, 8) : rc;
	} else {
		rc = connect(fd, (struct sockaddr *)&at, sizeof(at));
	}
	if (rc == 0)
		return fd;
	close(fd);
	return -1;
}

/* A port that stays ours until this process ends, whoever listens on it when. The kernel chose it, and gives it to nobody
 * else, not even for a connection: it is bound here, and nobody listens here, so a server (with SO_REUSEADDR) may. */
static inline int test_free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof(at);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
		test_die("no free port");
	return ntohs(at.sin_port); /* the socket stays open */
}

static inline void broker_write(const struct test_broker *b, const char *name, const char *text)
{
	char path[128], port[16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	snprintf(port, sizeof(port), "%d", b->port);
	file = fopen(path, "w");
	if (!file)
		test_die(path);
	for (; *text; text++) {
		if (!strncmp(text, "@DIR@", 5)) {
			fputs(b->dir, file);
			text += 4;
		} else if (!strncmp(text, "@PORT@", 6)) {
			fputs(port, file);
			text += 5;
		} else {
			fputc(*text, file);
		}
	}
	fclose(file);
}

/* Runs a program, output into DIR/out; its pid. NULL ends the arguments. */
static inline pid_t test_spawn(const char *out, const char *const *argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
		dup2(fd, 1);
		dup2(fd, 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid < 0)
		test_die("fork");
	return pid;
}

static inline void broker_run(struct test_broker *b)
{
	char conf[128], log[128];
	const char *argv[] = {"/usr/sbin/mosquitto", "-c", conf, NULL};
	int64_t limit_ms = test_now_ms() + TEST_LIMIT_MS;
	int fd;

	snprintf(conf, sizeof(conf), "%s/conf", b->dir);
	snprintf(log, sizeof(log), "%s/log", b->dir);
	b->pid = test_spawn(log, argv);
	while ((fd = test_socket(b->port, false)) < 0) {
		if (test_now_ms() > limit_ms || waitpid(b->pid, NULL, WNOHANG) != 0)
			test_die("mosquitto does not come up");
		test_nap();
	}
	close(fd);
}

static inline void broker_signal(const struct test_broker *b, int signal)
{
	if (b->pid > 0)
		kill(b->pid, signal);
}

static inline void broker_kill(struct test_broker *b)
{
	if (b->pid <= 0)
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
	b->pid = 0;
}

static inline void broker_dir(struct test_broker *b)
{
	*b = (struct test_broker){.dir = "/tmp/tocsin-broker-XXXXXX"};
	if (!mkdtemp(b->dir))
		test_die("mkdtemp");
	b->port = test_free_port();
}

static inline void broker_start(struct test_broker *b, const char *config)
{
	broker_dir(b);
	broker_write(b, "conf", config);
	broker_run(b);
}

static inline void broker_end(struct test_broker *b)
{
	const char *argv[] = {"rm", "-rf", b->dir, NULL};

	broker_kill(b);
	waitpid(test_spawn("/dev/null", argv), NULL, 0);
}

#define BROKER_OPEN \
	"listener @PORT@ 127.0.0.1\nallow_anonymous true\npersistence false\nsys_interval 1\nuser root\n"

/* mosquitto_pub with further arguments; returns its exit status. */
static inline int broker_pub(const struct test_broker *b, const char *topic, const char *payload, ...)
{
	char port[16], out[128];
	const char *argv[32] = {"mosquitto_pub", "-h", "127.0.0.1", "-p", port, "-t", topic, "-m", payload};
	int n = 9, status;
	va_list ap;

	va_start(ap, payload);
	while (n < 31 && (argv[n] = va_arg(ap, const char *)))
		n++;
	va_end(ap);
	snprintf(port, sizeof(port), "%d", b->port);
	snprintf(out, sizeof(out), "%s/pub", b->dir);
	if (waitpid(test_spawn(out, argv), &status, 0) < 0)
		return -1;
	return WEXITSTATUS(status);
}

/* mosquitto_sub on a filter, one line "qos retained topic payload" per message, into DIR/<name>. */
static inline pid_t broker_sub(const struct test_broker *b, const char *name, const char *filter)
{
	char port[16], out[128];
	const char *argv[] = {"mosquitto_sub", "-h", "127.0.0.1",  "-p", port,          "-q", "1", "-t",
	                      filter,          "-t", "test/ready", "-F", "%q %r %t %p", "-V", "5", NULL};
	char line[64] = "";
	pid_t pid;

	snprintf(port, sizeof(port), "%d", b->port);
	snprintf(out, sizeof(out), "%s/%s", b->dir, name);
	pid = test_spawn(out, argv);
	for (int i = 0; i < 500 && !strstr(line, "test/ready"); i++) {
		FILE *file = fopen(out, "r");

		broker_pub(b, "test/ready", "1", NULL);
		while (file && !strstr(line, "test/ready") && fgets(line, sizeof(line), file))
			;
		if (file)
			fclose(file);
		test_nap();
	}
	return pid;
}

static inline void broker_unsub(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* How many lines of DIR/<name> hold the text. */
static inline int broker_lines(const struct test_broker *b, const char *name, const char *text)
{
	static char line[70000];
	char path[128];
	int n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->dir, name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	if (file)
		fclose(file);
	return n;
}

#endif
