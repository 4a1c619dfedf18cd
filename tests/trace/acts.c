/* acts.c - what the lines of a trace do to the engine, turn by turn. */
#include "trace.h"

#include "base/text.h"
#include "intake/intake.h"

#include <stdlib.h>
#include <string.h>

/* Latest wins: what looks as it did is not printed again. */
static bool is_shown(struct trace *t, const struct publish *p, const char *line)
{
	line = strchr(line, ' ');
	for (int i = t->shown.n - 1; i >= 0; i--)
		if (!strcmp(t->shown.at[i].key, p->topic)) {
			if (!strcmp(t->shown.at[i].value, line))
				return true;
			break;
		}
	records_put(&t->shown, p->topic, line);
	return false;
}

static void show(struct trace *t, const struct effect *f)
{
	struct buf line = {0};

	print_effect(f, t->start_ms, t->now_ms, &line);
	if (f->kind != EFFECT_PUBLISH || (!print_is_digest(f) && !is_shown(t, &f->publish, buf_text(&line))))
		buf_str(&t->out, buf_text(&line));
	buf_fini(&line);
}

static void took(struct trace *t, const struct effect *f)
{
	show(t, f);
	if (f->kind != EFFECT_NOTICE)
		return;
	for (int i = 0; i < t->n_pending; i++)
		if (!strcmp(t->pending[i], f->notice.id))
			return;
	if (t->n_pending == PENDING_MAX)
		abort();
	t->pending[t->n_pending++] = xstrdup(f->notice.id);
}

static void flush(struct trace *t)
{
	for (int i = 0; i < t->fx.n; i++)
		took(t, &t->fx.at[i]);
	effects_clear(&t->fx);
}

/* A turn is stored whole before the next: what a crash leaves is what a store would have. */
static void turn(struct trace *t, struct event *ev)
{
	struct event time = {.kind = EVENT_TIME, .at_ms = t->now_ms};

	ev->at_ms = t->now_ms;
	engine_step(t->engine, ev, &t->fx);
	if (ev->kind != EVENT_TIME)
		engine_step(t->engine, &time, &t->fx);
	engine_save(t->engine, &t->stored);
	flush(t);
}

void acts_run_until(struct trace *t, int64_t at_ms)
{
	struct event time = {.kind = EVENT_TIME};
	int64_t due_ms;

	while (t->engine && (due_ms = engine_next_due(t->engine)) < at_ms) {
		if (due_ms > t->now_ms)
			t->now_ms = due_ms;
		turn(t, &time);
	}
	if (at_ms < t->now_ms)
		trace_fail(t, "time goes backwards", "");
	t->now_ms = at_ms;
}

static const struct plan *newest(const struct trace *t)
{
	return t->plans[t->n_plans - 1];
}

static const struct plan *plan_of(void *arg, const char *hash)
{
	const struct trace *t = arg;

	for (int i = 0; i < t->n_plans; i++)
		if (!strcmp(t->plans[i]->hash, hash))
			return t->plans[i];
	return NULL;
}

static void started(struct trace *t, int64_t down_ms)
{
	struct event ev = {
	    .kind = EVENT_STARTED,
	    .started = {.down_ms = down_ms, .host = "gate-1", .boot = "9f2c", .version = "test"}};

	ev.started.epoch = ++t->epoch;
	t->link = LINK_DOWN;
	records_clear(&t->shown); /* the whole retained set comes again */
	turn(t, &ev);
}

static void do_start(struct trace *t, char **w, int n)
{
	(void)w, (void)n;
	t->engine = engine_new(newest(t));
	started(t, 0);
}

static void forget_pending(struct trace *t, int i)
{
	free(t->pending[i]);
	t->n_pending--;
	memmove(&t->pending[i], &t->pending[i + 1], (size_t)(t->n_pending - i) * sizeof *t->pending);
}

/* The newest record of each key, without those that are gone. */
static int newest_records(const struct records *all, struct record *ret)
{
	int n = 0;

	for (int i = 0; i < all->n; i++) {
		bool again = false;

		for (int k = i + 1; k < all->n && !again; k++)
			again = !strcmp(all->at[i].key, all->at[k].key);
		if (!again && all->at[i].value)
			ret[n++] = all->at[i];
	}
	return n;
}

static int64_t number(const struct trace *t, const char *word)
{
	char *end;
	long long value = strtoll(word, &end, 10);

	if (!*word || *end)
		trace_fail(t, "not a number:", word);
	return value;
}

static void do_crash(struct trace *t, char **w, int n)
{
	int64_t down_ms = n > 0 ? number(t, w[0]) : 0;
	struct record *kept = xcalloc((size_t)t->stored.n + 1, sizeof *kept);
	int n_kept = newest_records(&t->stored, kept);

	engine_free(t->engine);
	t->engine = engine_new(newest(t));
	if (engine_restore(t->engine, kept, n_kept, plan_of, t) != 0)
		trace_fail(t, "a record cannot be read", "");
	free(kept);
	while (t->n_pending)
		forget_pending(t, 0);
	t->now_ms += down_ms;
	started(t, down_ms);
}

static const char *rest(char **w, int n, int from, struct buf *ret)
{
	for (int i = from; i < n; i++)
		buf_printf(ret, "%s%s", i > from ? " " : "", w[i]);
	return buf_text(ret);
}

static void tell_marked(struct trace *t, char **w, int n, const struct reading *like)
{
	int def = n > 0 ? plan_sensor(newest(t), w[0]) : -1;
	struct event ev = {.kind = EVENT_READING};
	struct buf value = {0};

	if (def < 0)
		trace_fail(t, "no such sensor:", n > 0 ? w[0] : "");
	ev.reading = *like;
	ev.reading.sensor = w[0];
	ev.reading.def = def;
	ev.reading.zone = newest(t)->sensors[def].zone;
	ev.reading.word = ev.reading.text = rest(w, n, 1, &value);
	ev.reading.has_number = milli_parse(ev.reading.text, strlen(ev.reading.text), &ev.reading.milli);
	turn(t, &ev);
	buf_fini(&value);
}

static void tell(struct trace *t, char **w, int n, enum reading_kind kind)
{
	tell_marked(t, w, n, &(struct reading){.kind = kind});
}

/* MARK SENSOR VALUE: with the sender's own number. */
static void marked(struct trace *t, char **w, int n, bool dup)
{
	struct reading like = {.kind = READING_VALUE, .dup = dup};

	if (n < 2)
		trace_fail(t, "which mark of which sensor?", "");
	like.mark = (uint64_t)number(t, w[0]);
	tell_marked(t, w + 1, n - 1, &like);
}

static void do_marked(struct trace *t, char **w, int n)
{
	marked(t, w, n, false);
}

static void do_reading(struct trace *t, char **w, int n)
{
	tell(t, w, n, READING_VALUE);
}

static void do_unreadable(struct trace *t, char **w, int n)
{
	tell(t, w, n, READING_UNREADABLE);
}

static void do_seen(struct trace *t, char **w, int n)
{
	tell(t, w, n, READING_SEEN);
}

static void do_away(struct trace *t, char **w, int n)
{
	tell(t, w, n, READING_AWAY);
}

static void do_back(struct trace *t, char **w, int n)
{
	tell(t, w, n, READING_BACK);
}

enum told { LIVE, RETAINED, AGAIN };

static void command(struct trace *t, char **w, int n, const char *via, enum told told)
{
	struct event ev;
	struct arena arena;
	struct buf payload = {0};

	arena_init(&arena);
	rest(w, n, 2, &payload);
	if (n == 3 && !strncmp(w[2], "long:", 5)) { /* so many bytes */
		buf_clear(&payload);
		for (int64_t i = number(t, w[2] + 5); i > 0; i--)
			buf_char(&payload, 'x');
	}
	if (n < 2)
		trace_fail(t, "who says which verb?", "");
	if (command_parse(w[0], w[1], buf_text(&payload), payload.len, &arena, &ev)) {
		ev.command.via = via;
		ev.command.by_login = !strcmp(via, "control");
		ev.command.retained = told == RETAINED;
		ev.command.dup = told == AGAIN;
		ev.command.before_mark = !ev.command.by_login && t->link != LINK_SYNCED;
		turn(t, &ev);
	}
	arena_fini(&arena);
	buf_fini(&payload);
}

static void do_cmd(struct trace *t, char **w, int n)
{
	command(t, w, n, "mqtt", LIVE);
}

static void do_retained(struct trace *t, char **w, int n)
{
	command(t, w, n, "mqtt", RETAINED);
}

static void do_control(struct trace *t, char **w, int n)
{
	command(t, w, n, "control", LIVE);
}

/* Delivered before: a command, or a marked reading when it begins with its number. */
static void do_again(struct trace *t, char **w, int n)
{
	if (n > 0 && *w[0] >= '0' && *w[0] <= '9')
		marked(t, w, n, true);
	else
		command(t, w, n, "mqtt", AGAIN);
}

static void do_link(struct trace *t, char **w, int n)
{
	static const char *const links[] = {"down", "up", "synced", "mark-lost"};
	struct event ev = {.kind = EVENT_LINK};

	for (int i = 0; n == 1 && i < 4; i++)
		if (!strcmp(w[0], links[i])) {
			ev.link = t->link = (enum link)i;
			if (t->link == LINK_SYNCED)
				records_clear(&t->shown);
			turn(t, &ev);
			return;
		}
	trace_fail(t, "link down, up, synced or mark-lost", "");
}

static void do_store(struct trace *t, char **w, int n)
{
	static const char *const states[] = {"ok", "late", "failing"};
	struct event ev = {.kind = EVENT_STORE};

	for (int i = 0; n == 1 && i < 3; i++)
		if (!strcmp(w[0], states[i])) {
			ev.store = (enum store_state)i;
			turn(t, &ev);
			return;
		}
	trace_fail(t, "store ok, late or failing", "");
}

static void self_fault(struct trace *t, char **w, int n, bool over)
{
	struct event ev = {.kind = EVENT_FAULT, .fault.over = over};
	struct buf what = {0};
	int self = n > 0 ? self_from(w[0]) : -1;

	if (self < 0)
		trace_fail(t, "which fault?", n > 0 ? w[0] : "");
	ev.fault.self = (enum self)self;
	ev.fault.what = rest(w, n, 1, &what);
	turn(t, &ev);
	buf_fini(&what);
}

static void do_fault(struct trace *t, char **w, int n)
{
	self_fault(t, w, n, false);
}

static void do_over(struct trace *t, char **w, int n)
{
	self_fault(t, w, n, true);
}

static void outcome(struct trace *t, const char *id, enum outcome what, const char *why)
{
	struct event ev = {.kind = EVENT_NOTICE, .notice = {id, what, why}};

	turn(t, &ev);
}

/* Of one notice, or of all that wait for an outcome. */
static void outcomes(struct trace *t, char **w, int n, enum outcome what)
{
	int all = n == 0 ? t->n_pending : 1;

	for (int i = 0; i < all; i++) {
		char *id = xstrdup(n ? w[0] : t->pending[0]);
		struct buf why = {0};

		for (int k = t->n_pending - 1; k >= 0; k--)
			if (!strcmp(t->pending[k], id))
				forget_pending(t, k);
		rest(w, n, 1, &why);
		outcome(t, id, what, why.len ? buf_text(&why) : NULL);
		buf_fini(&why);
		free(id);
	}
}

static void do_sent(struct trace *t, char **w, int n)
{
	outcomes(t, w, n, OUTCOME_SENT);
}

static void do_delivered(struct trace *t, char **w, int n)
{
	outcomes(t, w, n, OUTCOME_DELIVERED);
}

static void do_failed(struct trace *t, char **w, int n)
{
	outcomes(t, w, n, OUTCOME_FAILED);
}

static void do_actuated(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_ACTUATED};

	if (n != 2)
		trace_fail(t, "actuated ID sent|failed", "");
	ev.actuated.id = number(t, w[0]);
	ev.actuated.outcome = strcmp(w[1], "sent") ? OUTCOME_FAILED : OUTCOME_SENT;
	turn(t, &ev);
}

static void do_release(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_ACTUATED};
	bool may;

	ev.actuated.id = number(t, n ? w[0] : "");
	ev.actuated.outcome = OUTCOME_FAILED;
	ev.actuated.interlocked = true;
	may = engine_may_actuate(t->engine, ev.actuated.id);
	buf_printf(&t->out, "\t%lld %s leave\n", (long long)(t->now_ms - t->start_ms),
	           may ? "may" : "must not");
	if (!may)
		turn(t, &ev);
}

static void do_plan(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_PLAN};

	ev.plan.plan = plans_read(t, w, n);
	turn(t, &ev);
}

static void do_clock(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_CLOCK};

	ev.clock_ms = number(t, n ? w[0] : "");
	if (ev.clock_ms > 0)
		t->now_ms += ev.clock_ms;
	turn(t, &ev);
}

static void do_time(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_TIME};

	(void)w, (void)n;
	turn(t, &ev);
}

static void do_stop(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_STOPPING};

	(void)w, (void)n;
	turn(t, &ev);
}

static void do_times(struct trace *t, char **w, int n)
{
	int64_t times = number(t, n ? w[0] : ""), every_ms = number(t, n > 1 ? w[1] : "");

	for (int64_t i = 0; i < times; i++) {
		if (i)
			acts_run_until(t, t->now_ms + every_ms);
		acts_play(t, w + 2, n - 2);
	}
}

static const struct {
	const char *word;
	void (*act)(struct trace *t, char **w, int n);
} acts[] = {
    {"start", do_start},
    {"stop", do_stop},
    {"time", do_time},
    {"reading", do_reading},
    {"unreadable", do_unreadable},
    {"seen", do_seen},
    {"away", do_away},
    {"back", do_back},
    {"cmd", do_cmd},
    {"retained", do_retained},
    {"marked", do_marked},
    {"again", do_again},
    {"control", do_control},
    {"link", do_link},
    {"store", do_store},
    {"fault", do_fault},
    {"over", do_over},
    {"clock", do_clock},
    {"sent", do_sent},
    {"delivered", do_delivered},
    {"failed", do_failed},
    {"actuated", do_actuated},
    {"release", do_release},
    {"plan", do_plan},
    {"crash", do_crash},
    {"times", do_times},
};

void acts_play(struct trace *t, char **w, int n)
{
	for (size_t i = 0; n && i < sizeof acts / sizeof *acts; i++)
		if (!strcmp(acts[i].word, w[0])) {
			acts[i].act(t, w + 1, n - 1);
			return;
		}
	trace_fail(t, "unknown event", n ? w[0] : "");
}

void acts_free(struct trace *t)
{
	engine_free(t->engine);
	effects_fini(&t->fx);
	records_fini(&t->stored);
	records_fini(&t->shown);
	while (t->n_pending)
		forget_pending(t, 0);
	for (int i = 0; i < t->n_plans; i++)
		plan_free(t->plans[i]);
	buf_fini(&t->out);
}
