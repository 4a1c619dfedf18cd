/* gates.c - tests with hysteresis, and the delays `for` and `clear_for`.
 * Unknown never clears a leaf: one that was bad when its sensor was lost stays
 * bad, and is marked lost. */
#include "engine/gates.h"
#include "engine/window.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- the arrays */

static const char *gate_sensor(const struct gate *g)
{
	return g->sensor ? g->sensor->id : "";
}

/* First gate that is not before (node, sensor). */
int gate_place(const struct instance *in, int node, const char *sensor)
{
	int low = 0, high = in->n_gates;

	while (low < high) {
		int mid = (low + high) / 2;
		const struct gate *g = in->gates[mid];

		if (g->cond->node < node || (g->cond->node == node && strcmp(gate_sensor(g), sensor) < 0))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct gate *gate_find(const struct instance *in, int node, const char *sensor)
{
	int i = gate_place(in, node, sensor);

	if (i < in->n_gates && in->gates[i]->cond->node == node && !strcmp(gate_sensor(in->gates[i]), sensor))
		return in->gates[i];
	return NULL;
}

static void insert(struct gate ***at, int *n, int *cap, int place, struct gate *g)
{
	if (*n == *cap) {
		*cap = *cap ? 2 * *cap : 1; /* most hold one */
		*at = xrealloc(*at, (size_t)*cap * sizeof **at);
	}
	memmove(*at + place + 1, *at + place, (size_t)(*n - place) * sizeof **at);
	(*at)[place] = g;
	++*n;
}

/* Leaves of a sensor stand by instance, then node. */
static void leaf_insert(struct sensor *s, struct gate *g)
{
	int i = s->n_leaves;

	for (; i > 0; i--) {
		const struct gate *other = s->leaves[i - 1];
		int order = strcmp(other->instance->key, g->instance->key);

		if (order < 0 || (!order && other->cond->node < g->cond->node))
			break;
	}
	insert(&s->leaves, &s->n_leaves, &s->cap_leaves, i, g);
}

/* Equal times fire in the order of the gates. */
static void renumber(struct instance *in, int from)
{
	for (int i = from; i < in->n_gates; i++) {
		in->gates[i]->delay.sub = i;
		window_place(in->gates[i], i);
	}
}

struct gate *gate_add(struct instance *in, const struct gate *like)
{
	struct gate *g = gate_find(in, like->cond->node, gate_sensor(like));
	int place = gate_place(in, like->cond->node, gate_sensor(like));

	if (g)
		return g;
	g = xmalloc(sizeof *g);
	*g = *like;
	g->instance = in;
	deadline_init(&g->delay, DEADLINE_GATE, g, in->key, place);
	window_make(g);
	insert(&in->gates, &in->n_gates, &in->cap_gates, place, g);
	renumber(in, place);
	if (g->sensor)
		leaf_insert(g->sensor, g);
	return g;
}

void gates_drop(struct engine *e, struct instance *in, const struct sensor *s)
{
	int kept = 0;

	for (int i = 0; i < in->n_gates; i++) {
		struct gate *g = in->gates[i];

		if (s && g->sensor != s) {
			in->gates[kept++] = g;
			continue;
		}
		deadline_clear(&e->heap, &g->delay);
		window_free(e, g);
		free(g);
	}
	in->n_gates = kept;
	renumber(in, 0);
}

/* ------------------------------------------------------------------ tests */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(const char *a, const char *b, size_t len)
{
	size_t i = 0;

	for (; i < len && a[i] && lower(a[i]) == lower(b[i]); i++)
		;
	return i == len && !a[i];
}

static bool is_any(const struct strings *words, const char *word, size_t len)
{
	for (int i = 0; i < words->n; i++)
		if (same_word(words->at[i], word, len))
			return true;
	return false;
}

bool sensor_is(const struct sensor *s, const struct strings *words)
{
	return s->health == HEALTH_OK && s->has_value && is_any(words, s->word, strlen(s->word));
}

static bool has_any(const struct strings *words, const char *text)
{
	static const char blanks[] = " \t\r\n";

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t len = strcspn(text, blanks);

		if (is_any(words, text, len))
			return true;
		text += len;
	}
	return false;
}

static enum truth truth_of(bool yes)
{
	return yes ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Unknown: in the dead band. */
static enum truth above_limit(int64_t v, int64_t limit, int64_t clear)
{
	if (v > limit || (PLANTED(11) && v == limit))
		return TRUTH_TRUE;
	return clear == limit || v < clear ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static enum truth below_limit(int64_t v, int64_t limit, int64_t clear)
{
	if (v < limit)
		return TRUTH_TRUE;
	return clear == limit || v > clear ? TRUTH_FALSE : TRUTH_UNKNOWN;
}

static enum truth side(const struct test *t, int64_t v)
{
	enum truth low, high;

	if (t->op == TEST_ABOVE)
		return above_limit(v, t->limit_milli, t->clear_milli);
	if (t->op == TEST_BELOW)
		return below_limit(v, t->limit_milli, t->clear_milli);
	low = below_limit(v, t->low_milli, t->low_clear_milli);
	high = above_limit(v, t->limit_milli, t->clear_milli);
	return low == TRUTH_TRUE || high == TRUTH_FALSE ? low : high;
}

/* In the dead band what was known counts on; a leaf lost while bad is still bad there. */
static enum truth number_test(const struct gate *g, const struct test *t)
{
	enum truth now;

	if (!g->sensor->has_number)
		return TRUTH_UNKNOWN;
	if (test_is_windowed(t->op))
		return truth_of(window_is_open(g));
	now = side(t, g->sensor->milli);
	if (now != TRUTH_UNKNOWN)
		return now;
	return g->raw != TRUTH_UNKNOWN ? g->raw : g->out;
}

static enum truth leaf_test(const struct gate *g)
{
	const struct sensor *s = g->sensor;
	const struct test *t = &g->cond->test;

	if (s->is_out)
		return TRUTH_UNKNOWN;
	if (t->op == TEST_SILENT)
		return s->health == HEALTH_SILENT || s->health == HEALTH_AWAY ? TRUTH_TRUE : g->raw;
	if (s->health != HEALTH_OK || !s->has_value)
		return TRUTH_UNKNOWN;
	switch (t->op) {
	case TEST_IS:
		return truth_of(sensor_is(s, &t->words));
	case TEST_IS_NOT:
		return truth_of(!sensor_is(s, &t->words));
	case TEST_HAS_WORD:
		return truth_of(has_any(&t->words, s->text));
	case TEST_CHANGES:
		return truth_of(window_is_open(g));
	default:
		return number_test(g, t);
	}
}

void gate_test_text(const struct cond *cond, struct buf *out)
{
	static const char *const ops[] = {"is",     "is_not",  "has_word", "above", "below",
	                                  "silent", "outside", "rises",    "falls", "changes"};
	static const char *const nodes[] = {"", "all", "any", "not", "vote"};
	const struct test *t = &cond->test;

	if (cond->op != COND_TEST) {
		buf_str(out, nodes[cond->op]);
		return;
	}
	buf_str(out, ops[t->op]);
	if (test_is_windowed(t->op))
		buf_printf(out, " %lld %lld %d", (long long)t->over_ms, (long long)t->limit_milli,
		           t->changes);
	else if (test_is_number(t->op))
		buf_printf(out, " %lld %lld", (long long)t->limit_milli, (long long)t->clear_milli);
	if (t->op == TEST_OUTSIDE)
		buf_printf(out, " %lld %lld", (long long)t->low_milli, (long long)t->low_clear_milli);
	else if (t->op == TEST_SILENT)
		buf_printf(out, " %lld", (long long)t->silent_ms);
	else
		for (int i = 0; i < t->words.n; i++)
			buf_printf(out, "\n%s", t->words.at[i]);
}

/* ----------------------------------------------------------------- delays */

static bool is_silence(const struct gate *g)
{
	return g->sensor && g->cond->test.op == TEST_SILENT;
}

/* A silence test that is not true counts down to it; its delay does that, too. */
bool gate_counts_silence(const struct gate *g)
{
	return is_silence(g) && g->raw != TRUTH_TRUE && g->out != TRUTH_TRUE;
}

static void arm_delay(struct engine *e, struct gate *g, int64_t wait_ms)
{
	if (!g->delay.pos)
		deadline_set(&e->heap, &g->delay, e->now_ms + wait_ms);
}

static void follow(struct engine *e, struct gate *g)
{
	g->out = g->raw;
	deadline_clear(&e->heap, &g->delay);
}

static void follow_in(struct engine *e, struct gate *g, int64_t wait_ms)
{
	if (!wait_ms)
		follow(e, g);
	else
		arm_delay(e, g, wait_ms);
}

static void settle(struct engine *e, struct gate *g)
{
	bool unknown_leaf = g->sensor && g->raw == TRUTH_UNKNOWN;

	if (gate_counts_silence(g)) {
		g->out = g->raw;
	} else if (unknown_leaf) {
		deadline_clear(&e->heap, &g->delay);
		if (!gate_is_bad(g) || g->instance->is_until) /* what is unknown ends no step */
			g->out = TRUTH_UNKNOWN;
		else if (PLANTED(8))
			g->out = TRUTH_FALSE;
	} else if (g->raw == g->out) {
		follow(e, g);
	} else if (g->raw == TRUTH_TRUE) {
		follow_in(e, g, g->cond->for_ms);
	} else if (g->out == TRUTH_TRUE) {
		follow_in(e, g, PLANTED(12) ? 0 : g->cond->clear_for_ms);
	} else {
		follow(e, g);
	}
	g->lost = unknown_leaf && gate_is_bad(g);
	if (gate_counts_silence(g) && link_is_up(e))
		arm_delay(e, g, g->cond->test.silent_ms - e->spoke_ago_ms);
}

void gate_set(struct engine *e, struct gate *g, enum truth raw)
{
	enum truth out = g->out;
	int64_t due = g->delay.pos ? g->delay.at_ms : -1;
	bool was;

	if (g->sensor && g->sensor->is_out)
		raw = TRUTH_UNKNOWN;
	was = raw != g->raw;
	if (gate_counts_silence(g) && raw == TRUTH_TRUE)
		deadline_clear(&e->heap, &g->delay);
	g->raw = raw;
	settle(e, g);
	window_hold(e, g, out);
	if (was || out != g->out || due != (g->delay.pos ? g->delay.at_ms : -1))
		g->instance->dirty = true;
}

void gate_update(struct engine *e, struct gate *g)
{
	gate_set(e, g, leaf_test(g));
}

/* The countdown begins anew; the rest is gate_update's. */
void gate_alive(struct engine *e, struct gate *g)
{
	if (!is_silence(g))
		return;
	if (g->out != TRUTH_TRUE)
		deadline_clear(&e->heap, &g->delay);
	g->raw = TRUTH_FALSE;
	g->instance->dirty = true;
}

void gate_link(struct engine *e, struct gate *g)
{
	if (!gate_counts_silence(g))
		return;
	if (!link_is_up(e) && g->delay.pos) {
		deadline_clear(&e->heap, &g->delay);
		g->instance->dirty = true;
	}
	gate_set(e, g, g->raw);
}

void gate_expire(struct engine *e, struct gate *g)
{
	enum truth out = g->out;

	deadline_clear(&e->heap, &g->delay);
	g->instance->dirty = true;
	if (gate_counts_silence(g)) {
		gate_set(e, g, TRUTH_TRUE);
		return;
	}
	g->out = g->raw;
	settle(e, g);
	window_hold(e, g, out);
}

void gate_remember(struct engine *e, struct gate *g, const enum truth raw_out[2], int64_t delay_ms)
{
	g->raw = raw_out[0];
	g->out = raw_out[1];
	g->lost = g->raw == TRUTH_UNKNOWN && gate_is_bad(g);
	if (delay_ms >= 0)
		deadline_set(&e->heap, &g->delay, delay_ms);
}

void gate_at_once(struct engine *e, struct gate *g)
{
	follow(e, g);
	window_forget(e, g);
	g->instance->dirty = true;
}

void gate_forget(struct engine *e, struct gate *g)
{
	if (!g->lost)
		return;
	g->out = TRUTH_UNKNOWN;
	settle(e, g);
	window_forget(e, g);
	g->instance->dirty = true;
}

bool gate_mend(struct engine *e, struct gate *g, int64_t latest_ms)
{
	bool changes = g->raw != g->out && !(g->sensor && g->raw == TRUTH_UNKNOWN);

	if (is_silence(g) || (g->delay.pos ? g->delay.at_ms <= latest_ms : !changes)) /* silence is counted anew */
		return false;
	deadline_clear(&e->heap, &g->delay);
	settle(e, g);
	g->instance->dirty = true;
	return true;
}
