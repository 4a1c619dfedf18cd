/* say.c - the daemon's channels without the daemon, for tests that play the
 * services: say SITE.yaml reads lines
 *
 *   ID PERSON CHANNEL call|over|test fire|water|... critical|major|... drill|- TEXT
 *   count | quit
 *   reload          the same site again as a new plan; the old one is freed. Says "reloaded"
 *
 * and writes what became of each: "sent|delivered|failed ID CHANNEL WHY". At
 * the end "longest MS CPU_MS": the loop's longest turn by the clock and in its
 * own time, and "memory KB". */
#include "channels.h"
#include "clock.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 7, LINE_MAX_BYTES = 3 << 20 };

static struct loop *loop;
static struct channels *channels;
static struct plan *plan;
static struct buf bundle;
static char *line;
static size_t len;
static int64_t turn_ms, longest_ms, turn_cpu_ms, longest_cpu_ms;

static void on_outcome(void *arg, const struct channel_outcome *o)
{
	static const char *const words[] = {"sent", "delivered", "failed"};

	(void)arg;
	printf("%s %s %s %s\n", words[o->outcome], o->notice, o->channel, o->why ? o->why : "");
	fflush(stdout);
}

static void on_publish(void *arg, const struct channel_publish *p)
{
	(void)arg;
	printf("publish %s\n", p->topic);
	channels_published(channels, p->token, true, NULL);
}

static void count(void)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	channels_count(channels, &out);
	json_close(&out, '}');
	printf("count %s\n", buf_text(&out));
	fflush(stdout);
	buf_fini(&out);
}

static void reload(void)
{
	struct buf problems = {0};
	struct plan *old = plan;

	plan = config_plan(buf_text(&bundle), bundle.len, &problems);
	channels_use(channels, plan);
	plan_free(old);
	puts("reloaded - - -");
	fflush(stdout);
	buf_fini(&problems);
}

static void send_one(char *text)
{
	char *w[WORDS], *rest = text;
	struct notice n = {.lang = LANG_ZH, .epoch = 5, .seq = 2, .reply_by_ms = -1, .user = "wang", .answer = "17"};
	struct channel_notice c = {.notice = &n, .now_ms = 100000, .marks = {.head_seq = 2, .head_hash = "abc"}};

	for (int i = 0; i < WORDS; i++) {
		w[i] = strsep(&rest, " ");
		if (!rest)
			return;
	}
	n.id = c.sent_id = w[0];
	n.person = w[1];
	n.channel = w[2];
	n.kind = notice_kind_from(w[3]) < 0 ? NOTICE_CALL : (enum notice_kind)notice_kind_from(w[3]);
	n.hazard = (enum hazard)hazard_from(w[4]);
	n.severity = (enum severity)severity_from(w[5]);
	n.drill = !strcmp(w[6], "drill");
	n.incident = "G-17";
	n.text = rest;
	channels_send(channels, &c);
}

static void take_line(char *text)
{
	if (!strcmp(text, "quit"))
		loop_stop(loop);
	else if (!strcmp(text, "count"))
		count();
	else if (!strcmp(text, "reload"))
		reload();
	else
		send_one(text);
}

static void on_input(void *arg, unsigned ready)
{
	ssize_t n = read(STDIN_FILENO, line + len, LINE_MAX_BYTES - len - 1);
	char *start = line, *end;

	(void)arg;
	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		loop_stop(loop);
		return;
	}
	len += (size_t)n;
	line[len] = 0;
	for (; (end = strchr(start, '\n')); start = end + 1) {
		*end = 0;
		take_line(start);
	}
	len -= (size_t)(start - line);
	memmove(line, start, len + 1);
}

/* Every 5 ms: what it comes late by, the loop was busy. */
static void on_tick(void *arg)
{
	struct loop_timer **tick = arg;
	int64_t now_ms = clock_steady_ms(), cpu_ms;
	struct timespec cpu;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	cpu_ms = cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000;
	if (turn_ms && cpu_ms - turn_cpu_ms > longest_cpu_ms)
		longest_cpu_ms = cpu_ms - turn_cpu_ms;
	turn_cpu_ms = cpu_ms;
	if (turn_ms && now_ms - turn_ms - 5 > longest_ms)
		longest_ms = now_ms - turn_ms - 5;
	turn_ms = now_ms;
	loop_timer_in(*tick, 5);
}

int main(int argc, char **argv)
{
	struct buf problems = {0};
	struct channels_out out = {.outcome = on_outcome, .publish = on_publish};
	struct err err = {0};
	struct loop_timer *tick;
	struct rusage usage;

	if (argc != 2 || config_read(argv[1], &bundle, &err) < 0 ||
	    !(plan = config_plan(buf_text(&bundle), bundle.len, &problems))) {
		fprintf(stderr, "%s%s\n", err.text, buf_text(&problems));
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* as tocsind does: a program may end without reading its notice */
	line = malloc(LINE_MAX_BYTES);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	loop = loop_new();
	channels = channels_new(loop, &out);
	channels_use(channels, plan);
	loop_watch(loop, STDIN_FILENO, LOOP_READ, on_input, NULL);
	tick = loop_timer(loop, on_tick, &tick);
	loop_timer_in(tick, 5);
	loop_run(loop);
	getrusage(RUSAGE_SELF, &usage);
	printf("longest %lld %lld\nmemory %ld\n", (long long)longest_ms, (long long)longest_cpu_ms, usage.ru_maxrss);
	channels_free(channels);
	fflush(stdout);
	_exit(0); /* the watches of a test */
}
