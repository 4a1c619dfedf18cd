#include "runner.h"

#include "base/arena.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OUTPUT_MAX = 4096,
	READS_MAX = 16 /* a pass */,
	ENV_MAX = 8,
	START_LIMIT_MS = 1000,
	START_AGAIN_MS = 250
};

/* Again: the person has one under way by the same channel. */
enum turn { TURN_LIFE, TURN_LIFE_AGAIN, TURN_OTHER, TURN_OTHER_AGAIN, TURN_COUNT };
static const int running_max[TURN_COUNT] = {
    [TURN_LIFE] = 16, [TURN_LIFE_AGAIN] = 12, [TURN_OTHER] = 12, [TURN_OTHER_AGAIN] = 8};

enum { WAITING_MAX = 100, LIFE_WAITING_MAX = 1000 }; /* of one person by one channel */

struct child {
	TAILQ_ENTRY(child) entry;
	struct runner *runner;
	void *job;
	const char *channel, *person;
	bool is_life;
	struct arena arena;
	char **argv;
	const char *input;
	size_t input_len;
	int64_t timeout_ms;
	/* running */
	pid_t pid;
	int pid_fd, in_fd, out_fd;
	struct loop_watch *exit_watch, *in_watch, *out_watch;
	struct loop_timer *timer;
	bool is_late;
	char out[OUTPUT_MAX + 1];
	size_t out_len;
};

TAILQ_HEAD(children, child);

struct runner {
	struct loop *loop;
	runner_done_fn done;
	void *arg;
	struct children waiting, running, refused;
	int n_running;
	int64_t vain_since_ms; /* no program could be started; -1: the last one could */
	struct loop_timer *start;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void child_free(struct child *c)
{
	loop_watch_free(c->exit_watch);
	loop_watch_free(c->in_watch);
	loop_watch_free(c->out_watch);
	loop_timer_free(c->timer);
	close_fd(&c->pid_fd);
	close_fd(&c->in_fd);
	close_fd(&c->out_fd);
	arena_fini(&c->arena);
	free(c);
}

static void child_end(struct child *c, enum runner_end end, const char *why)
{
	struct runner *s = c->runner;

	TAILQ_REMOVE(&s->running, c, entry);
	s->n_running--;
	loop_timer_in(s->start, 0);
	s->done(s->arg, c->job, end, why);
	child_free(c);
}

/* -- while it runs -- */

static void on_output(void *arg, unsigned ready)
{
	struct child *c = arg;
	char spill[4096];
	ssize_t n = 1;

	(void)ready;
	for (int i = 0; i < READS_MAX && (n = read(c->out_fd, spill, sizeof spill)) > 0; i++) {
		size_t keep = (size_t)n < OUTPUT_MAX - c->out_len ? (size_t)n : OUTPUT_MAX - c->out_len;

		memcpy(c->out + c->out_len, spill, keep);
		c->out_len += keep;
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		loop_watch_want(c->out_watch, 0);
}

static void on_input(void *arg, unsigned ready)
{
	struct child *c = arg;
	ssize_t n = write(c->in_fd, c->input, c->input_len);

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->input += n;
		c->input_len -= (size_t)n;
	}
	if (n > 0 && c->input_len)
		return;
	loop_watch_want(c->in_watch, 0); /* all written, or it doesn't want to read */
	close_fd(&c->in_fd);
}

/* The group is killed while its leader is still a zombie: the number cannot
 * have been given to somebody else. Nothing of it outlives the job. */
static int reap(struct child *c)
{
	siginfo_t info = {0};

	kill(-c->pid, SIGKILL);
	while (waitid(P_PID, (id_t)c->pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	return info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
}

static void on_exit_of_child(void *arg, unsigned ready)
{
	struct child *c = arg;
	char why[160];
	int status;

	(void)ready;
	status = reap(c);
	on_output(c, LOOP_READ);
	c->out[c->out_len] = 0;
	if (c->is_late)
		snprintf(why, sizeof why, "%.60s did not end within %lld ms and was killed", c->argv[0],
		         (long long)c->timeout_ms);
	else if (status < 0)
		snprintf(why, sizeof why, "%.60s was ended by signal %d", c->argv[0], -status);
	else
		snprintf(why, sizeof why, "%.60s: exit %d %.60s", c->argv[0], status, c->out);
	child_end(c,
	          c->is_late || status < 0 ? RUNNER_FAILED
	          : status == 0            ? RUNNER_OK
	          : status == 75           ? RUNNER_LATER
	                                   : RUNNER_FAILED,
	          why);
}

static void on_timeout(void *arg)
{
	struct child *c = arg;

	c->is_late = true;
	kill(-c->pid, SIGKILL);
}

/* -- starting -- */

static int attributes(posix_spawnattr_t *a)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	return posix_spawnattr_init(a) || posix_spawnattr_setpgroup(a, 0) ||
	       posix_spawnattr_setsigdefault(a, &all) || posix_spawnattr_setsigmask(a, &none) ||
	       posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
	                                       POSIX_SPAWN_SETSIGMASK);
}

/* The program gets a plain environment: nothing of systemd's sockets, keys or credentials. */
static void environment(char *env[ENV_MAX], struct arena *arena)
{
	static const char *const names[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"};
	int n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (getenv(names[i]))
			env[n++] = arena_printf(arena, "%s=%s", names[i], getenv(names[i]));
	env[n] = NULL;
}

static int start_program(struct child *c, int in_fd, int out_fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *env[ENV_MAX];
	int failed = attributes(&attr);

	environment(env, &c->arena);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	failed = failed ? failed : posix_spawnp(&c->pid, c->argv[0], &actions, &attr, c->argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return failed;
}

static int start_with_pipes(struct child *c)
{
	int in[2], out[2], failed;

	if (pipe2(in, O_CLOEXEC) < 0)
		return errno;
	if (pipe2(out, O_CLOEXEC) < 0) {
		failed = errno;
		close(in[0]);
		close(in[1]);
		return failed;
	}
	failed = start_program(c, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	c->in_fd = in[1];
	c->out_fd = out[0];
	fcntl(c->in_fd, F_SETFL, O_NONBLOCK);
	fcntl(c->out_fd, F_SETFL, O_NONBLOCK);
	return failed;
}

static void watch_child(struct child *c)
{
	struct loop *loop = c->runner->loop;

	c->pid_fd = pidfd_open(c->pid, 0);
	if (c->pid_fd < 0)
		abort(); /* Debian 12's kernel has it */
	c->exit_watch = loop_watch(loop, c->pid_fd, LOOP_READ, on_exit_of_child, c);
	c->in_watch = loop_watch(loop, c->in_fd, LOOP_WRITE, on_input, c);
	c->out_watch = loop_watch(loop, c->out_fd, LOOP_READ, on_output, c);
	c->timer = loop_timer(loop, on_timeout, c);
	loop_timer_in(c->timer, c->timeout_ms);
}

/* -- whose turn it is -- */

static bool is_same(const struct child *a, const struct child *b)
{
	return !strcmp(a->person, b->person) && !strcmp(a->channel, b->channel);
}

static enum turn turn_of(const struct runner *s, const struct child *c)
{
	const struct child *other;

	TAILQ_FOREACH(other, &s->running, entry)
	if (is_same(other, c) && other->is_life == c->is_life)
		return c->is_life ? TURN_LIFE_AGAIN : TURN_OTHER_AGAIN;
	return c->is_life ? TURN_LIFE : TURN_OTHER;
}

static struct child *next_child(const struct runner *s)
{
	struct child *c, *best = NULL;
	enum turn best_turn = TURN_COUNT;

	TAILQ_FOREACH(c, &s->waiting, entry)
	{
		enum turn turn = turn_of(s, c);

		if (turn < best_turn && s->n_running < running_max[turn]) {
			best = c;
			best_turn = turn;
		}
		if (turn == TURN_LIFE)
			break;
	}
	return best;
}

/* For a second it may pass; longer than that, the person's next channel is better than hope. */
static bool is_worth_waiting(struct runner *s, int failed)
{
	if (failed != EAGAIN && failed != ENOMEM && failed != EMFILE && failed != ENFILE)
		return false;
	if (s->vain_since_ms < 0)
		s->vain_since_ms = clock_steady_ms();
	return clock_steady_ms() - s->vain_since_ms < START_LIMIT_MS;
}

/* False: none can be started for a while. */
static bool start_child(struct runner *s, struct child *c)
{
	int failed = start_with_pipes(c);
	char why[160];

	if (!failed) {
		s->vain_since_ms = -1;
		TAILQ_REMOVE(&s->waiting, c, entry);
		TAILQ_INSERT_TAIL(&s->running, c, entry);
		s->n_running++;
		watch_child(c);
		return true;
	}
	close_fd(&c->in_fd);
	close_fd(&c->out_fd);
	if (is_worth_waiting(s, failed)) {
		loop_timer_in(s->start, START_AGAIN_MS);
		return false;
	}
	snprintf(why, sizeof why, "cannot start %.60s: %s", c->argv[0], strerror(failed));
	TAILQ_REMOVE(&s->waiting, c, entry);
	s->done(s->arg, c->job, RUNNER_FAILED, why);
	child_free(c);
	return true;
}

static void start_next(void *arg)
{
	struct runner *s = arg;
	struct child *c;

	while ((c = TAILQ_FIRST(&s->refused))) {
		TAILQ_REMOVE(&s->refused, c, entry);
		s->done(s->arg, c->job, RUNNER_FAILED,
		        "too many notices of this person wait for this channel");
		child_free(c);
	}
	while ((c = next_child(s)) && start_child(s, c))
		;
}

/* -- from outside -- */

struct runner *runner_open(struct loop *loop, runner_done_fn done, void *arg)
{
	struct runner *s = xcalloc(1, sizeof *s);

	*s = (struct runner){.loop = loop, .done = done, .arg = arg, .vain_since_ms = -1};
	TAILQ_INIT(&s->waiting);
	TAILQ_INIT(&s->running);
	TAILQ_INIT(&s->refused);
	s->start = loop_timer(loop, start_next, s);
	return s;
}

static void free_list(struct children *list)
{
	struct child *c;

	while ((c = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, c, entry);
		if (c->pid)
			reap(c);
		child_free(c);
	}
}

void runner_close(struct runner *s)
{
	free_list(&s->refused);
	free_list(&s->waiting);
	free_list(&s->running);
	loop_timer_free(s->start);
	free(s);
}

static struct child *child_new(struct runner *s, const struct runner_order *order)
{
	struct child *c = xcalloc(1, sizeof *c);
	int n = 0;

	c->runner = s;
	c->pid_fd = c->in_fd = c->out_fd = -1;
	arena_init(&c->arena);
	c->job = order->job;
	c->channel = arena_str(&c->arena, order->channel);
	c->person = arena_str(&c->arena, order->person);
	c->is_life = order->is_life;
	c->timeout_ms = order->timeout_ms;
	while (order->argv[n])
		n++;
	c->argv = arena_alloc(&c->arena, sizeof *c->argv * (size_t)(n + 1));
	for (int i = 0; i < n; i++)
		c->argv[i] = arena_str(&c->arena, order->argv[i]);
	c->input_len = order->input ? strlen(order->input) : 0;
	c->input = arena_dup(&c->arena, order->input ? order->input : "", c->input_len);
	return c;
}

static bool is_too_many(const struct runner *s, const struct child *c)
{
	const struct child *other;
	int n = 0;

	TAILQ_FOREACH(other, &s->waiting, entry)
	n += is_same(other, c) && other->is_life == c->is_life;
	return n >= (c->is_life ? LIFE_WAITING_MAX : WAITING_MAX);
}

void runner_run(struct runner *s, const struct runner_order *order)
{
	struct child *c = child_new(s, order);

	if (is_too_many(s, c))
		TAILQ_INSERT_TAIL(&s->refused, c, entry);
	else
		TAILQ_INSERT_TAIL(&s->waiting, c, entry);
	loop_timer_in(s->start, 0);
}
