#include "check.h"

#include "clock.h"
#include "config.h"
#include "fault.h"
#include "hash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int memory_file(const char *bytes, size_t len)
{
	int fd = memfd_create("bundle", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, bytes, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int spawn_child(pid_t *pid, enum check_what what, int in_fd, int out_fd)
{
	char name[] = "tocsind", plan[] = "--check-stdin", all[] = "--check-all",
	     *argv[] = {name, what == CHECK_ALL ? all : plan, NULL};
	posix_spawn_file_actions_t actions;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	failed = posix_spawn(pid, "/proc/self/exe", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

int check_start(struct check *c, enum check_what what, const char *bundle, size_t len, struct err *err)
{
	int in_fd = memory_file(bundle, len), out[2], failed;

	*c = (struct check){.out_fd = -1};
	if (in_fd < 0)
		return err_set(err, "cannot hand the configuration to the checking program: %s",
		               strerror(errno));
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in_fd);
		return err_set(err, "cannot make a pipe for the checking program: %s", strerror(errno));
	}
	failed = spawn_child(&c->pid, what, in_fd, out[1]);
	close(in_fd);
	close(out[1]);
	c->out_fd = out[0];
	fcntl(c->out_fd, F_SETFL, O_NONBLOCK);
	if (!failed)
		return 0;
	c->pid = 0;
	check_fini(c);
	return err_set(err, "cannot start the checking program: %s", strerror(failed));
}

int check_read(struct check *c)
{
	char block[4096];
	ssize_t n;

	while ((n = read(c->out_fd, block, sizeof block)) > 0)
		if (c->problems.len + (size_t)n <= CHECK_OUTPUT_MAX)
			buf_add(&c->problems, block, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Called when the output has ended, so that the child is gone or as good as;
 * at a time limit it still runs and is killed. */
int check_finish(struct check *c, struct err *err)
{
	bool ended = c->out_fd >= 0 && !check_read(c);
	int status = 0;

	if (!ended)
		kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	if (!ended)
		return err_set(err, "checking the configuration took longer than %d s",
		               CHECK_LIMIT_MS / 1000);
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status);
	return err_set(err, "the checking program died of this configuration (%s %d)",
	               WIFSIGNALED(status) ? "signal" : "status",
	               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

void check_fini(struct check *c)
{
	struct err ignored;

	if (c->pid)
		check_finish(c, &ignored);
	if (c->out_fd >= 0)
		close(c->out_fd);
	c->out_fd = -1;
	buf_fini(&c->problems);
}

int check_wait(struct check *c, const char *bundle, size_t len, struct err *err)
{
	int64_t until_ms;

	if (check_start(c, CHECK_PLAN, bundle, len, err) < 0)
		return -1;
	until_ms = clock_steady_ms() + fault_patient(CHECK_LIMIT_MS);
	while (check_read(c)) {
		struct pollfd pfd = {.fd = c->out_fd, .events = POLLIN};
		int64_t left_ms = until_ms - clock_steady_ms();

		if (left_ms <= 0)
			break;
		poll(&pfd, 1, (int)left_ms);
	}
	return check_finish(c, err);
}

/* -- what was taken before -- */

enum { REMEMBERED_BYTES = 256 };

static bool remembered_text(const char *bundle, size_t len, char ret[REMEMBERED_BYTES])
{
	char hash[HASH_HEX_BYTES];
	struct stat exe;

	if (stat("/proc/self/exe", &exe) < 0)
		return false;
	hash_sha256_hex(bundle, len, hash);
	snprintf(ret, REMEMBERED_BYTES, "%s %ju %ju %jd %jd.%09ld\n", hash, (uintmax_t)exe.st_dev,
	         (uintmax_t)exe.st_ino, (intmax_t)exe.st_size, (intmax_t)exe.st_ctim.tv_sec,
	         exe.st_ctim.tv_nsec);
	return true;
}

void check_remember(const char *path, const char *bundle, size_t len)
{
	char text[REMEMBERED_BYTES];
	int fd;

	if (!remembered_text(bundle, len, text))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		unlink(path);
	close(fd);
}

bool check_is_remembered(const char *path, const char *bundle, size_t len)
{
	char now[REMEMBERED_BYTES];
	struct buf then = {0};
	struct err ignored;
	bool same = config_slurp(path, REMEMBERED_BYTES, &then, &ignored) == 0 &&
	            remembered_text(bundle, len, now) && strcmp(buf_text(&then), now) == 0;

	buf_fini(&then);
	return same;
}

/* What the plan itself does not say. True: it can be used. */
static bool look_beyond(const struct plan *plan, enum check_what what, const struct buf *bundle, struct buf *out)
{
	struct problems found;
	bool usable;

	problems_init(&found);
	config_gaps(plan, bundle->text, bundle->len, clock_wall_ms(), &found);
	if (what == CHECK_ALL)
		config_channels(plan, bundle->text, bundle->len, &found);
	usable = !found.n_errors;
	problems_print(&found, out);
	problems_fini(&found);
	return usable;
}

int check_main(enum check_what what)
{
	struct buf bundle = {0}, problems = {0};
	struct plan *plan;
	struct err err;
	bool usable;

	if (config_slurp("/dev/stdin", CONFIG_BUNDLE_MAX + (1 << 20), &bundle, &err) < 0) {
		fprintf(stderr, "tocsind: %s\n", err.text);
		return 2;
	}
	plan = config_plan(buf_text(&bundle), bundle.len, &problems);
	usable = plan && look_beyond(plan, what, &bundle, &problems);
	fputs(buf_text(&problems), stdout);
	fflush(stdout);
	plan_free(plan);
	buf_fini(&bundle);
	buf_fini(&problems);
	return usable ? 0 : 1;
}
