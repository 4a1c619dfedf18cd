/* acts.c - what the lines of a trace do to the engine, turn by turn. */
#include "trace.h"

#include "base/text.h"

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

	print_effect(f, t->start_ms, t->stage.now_ms, &line);
	if (f->kind != EFFECT_PUBLISH || (!print_is_digest(f) && !is_shown(t, &f->publish, buf_text(&line))))
		buf_str(&t->out, buf_text(&line));
	buf_fini(&line);
}

static void took(void *arg, const struct effect *f)
{
	struct trace *t = arg;

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

void acts_run_until(struct trace *t, int64_t at_ms)
{
	if (!t->is_on)
		t->stage.now_ms = at_ms;
	else if (!stage_until(&t->stage, at_ms))
		trace_fail(t, "time goes backwards", "");
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

void acts_init(struct trace *t)
{
	t->stage = (struct stage){.now_ms = t->start_ms, .took = took, .plan_of = plan_of, .arg = t};
	records_init(&t->shown);
}

static void do_start(struct trace *t, char **w, int n)
{
	(void)w, (void)n;
	t->stage.plan = newest(t);
	t->is_on = true;
	stage_start(&t->stage);
}

static void forget_pending(struct trace *t, int i)
{
	free(t->pending[i]);
	t->n_pending--;
	memmove(&t->pending[i], &t->pending[i + 1], (size_t)(t->n_pending - i) * sizeof *t->pending);
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
	const char *wrong;

	while (t->n_pending)
		forget_pending(t, 0);
	records_clear(&t->shown); /* the whole retained set comes again */
	t->stage.plan = n > 1 ? plans_read(t, w + 1, n - 1) : newest(t);
	wrong = stage_crash(&t->stage, down_ms);
	if (wrong)
		trace_fail(t, wrong, "");
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
	stage_turn(&t->stage, &ev);
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
	struct stage_said said = {.via = via,
	                          .by_login = !strcmp(via, "control"),
	                          .retained = told == RETAINED,
	                          .dup = told == AGAIN};
	struct buf payload = {0};

	rest(w, n, 2, &payload);
	if (n == 3 && !strncmp(w[2], "long:", 5)) { /* so many bytes */
		buf_clear(&payload);
		for (int64_t i = number(t, w[2] + 5); i > 0; i--)
			buf_char(&payload, 'x');
	}
	if (n < 2)
		trace_fail(t, "who says which verb?", "");
	said.user = w[0];
	said.verb = w[1];
	said.payload = buf_text(&payload);
	said.len = payload.len;
	stage_command(&t->stage, &said);
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

	for (int i = 0; n == 1 && i < 4; i++)
		if (!strcmp(w[0], links[i])) {
			if (i == LINK_SYNCED)
				records_clear(&t->shown);
			stage_link(&t->stage, (enum link)i);
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
			stage_turn(&t->stage, &ev);
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
	stage_turn(&t->stage, &ev);
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
	struct event ev = {.kind = EVENT_NOTICE, .notice = {.id = id, .outcome = what, .why = why}};

	stage_turn(&t->stage, &ev);
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

/* A channel's own word, which may be one that the notice has left behind. */
static void do_receipt(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_NOTICE, .notice = {.id = w[0], .why = "its own reason"}};

	if (n != 3)
		trace_fail(t, "receipt NOTICE CHANNEL sent|delivered|failed", "");
	ev.notice.channel = w[1];
	ev.notice.outcome = !strcmp(w[2], "sent")        ? OUTCOME_SENT
	                    : !strcmp(w[2], "delivered") ? OUTCOME_DELIVERED
	                                                 : OUTCOME_FAILED;
	stage_turn(&t->stage, &ev);
}

static void do_actuated(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_ACTUATED};

	if (n != 2)
		trace_fail(t, "actuated ID sent|failed", "");
	ev.actuated.id = number(t, w[0]);
	ev.actuated.outcome = strcmp(w[1], "sent") ? OUTCOME_FAILED : OUTCOME_SENT;
	stage_turn(&t->stage, &ev);
}

static void do_release(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_ACTUATED};
	bool may;

	ev.actuated.id = number(t, n ? w[0] : "");
	ev.actuated.outcome = OUTCOME_FAILED;
	ev.actuated.interlocked = true;
	may = engine_may_actuate(t->stage.engine, ev.actuated.id);
	buf_printf(&t->out, "\t%lld %s leave\n", (long long)(t->stage.now_ms - t->start_ms),
	           may ? "may" : "must not");
	if (!may)
		stage_turn(&t->stage, &ev);
}

static void do_plan(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_PLAN};

	ev.plan.plan = plans_read(t, w, n);
	stage_turn(&t->stage, &ev);
}

static void do_clock(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_CLOCK};

	ev.clock_ms = number(t, n ? w[0] : "");
	if (ev.clock_ms > 0)
		t->stage.now_ms += ev.clock_ms;
	stage_turn(&t->stage, &ev);
}

static void do_time(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_TIME};

	(void)w, (void)n;
	stage_turn(&t->stage, &ev);
}

static void do_stop(struct trace *t, char **w, int n)
{
	struct event ev = {.kind = EVENT_STOPPING};

	(void)w, (void)n;
	stage_turn(&t->stage, &ev);
}

static void do_times(struct trace *t, char **w, int n)
{
	int64_t times = number(t, n ? w[0] : ""), every_ms = number(t, n > 1 ? w[1] : "");

	for (int64_t i = 0; i < times; i++) {
		if (i)
			acts_run_until(t, t->stage.now_ms + every_ms);
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
    {"receipt", do_receipt},
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
	if (t->is_on)
		stage_fini(&t->stage);
	records_fini(&t->shown);
	while (t->n_pending)
		forget_pending(t, 0);
	for (int i = 0; i < t->n_plans; i++)
		plan_free(t->plans[i]);
	buf_fini(&t->out);
}
