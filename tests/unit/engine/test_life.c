/* Every cell of the life, on a real engine: an incident is brought into the
 * state by real events, gets the cue, and what became of it is held against
 * the words of the cell; these against the table of the manual. */
#include "life_world.h"

static const char *const start_of[STATE_COUNT] = {
    [STATE_PRE_ALARM] = "a12",
    [STATE_UNACKED] = "a12 due",
    [STATE_RTN_UNACKED] = "a12 due a0",
    [STATE_ACKED] = "a12 due ack",
    [STATE_LATCHED] = "a12 due ack a0",
    [STATE_CLEARED] = "a12 due ack a0 reset",
    [STATE_CLOSED] = "a12 due ack a0 reset paper",
};

static struct incident *newest(const struct life_world *w)
{
	return w->e->n_incidents ? w->e->incidents[w->e->n_incidents - 1] : NULL;
}

static void reset_by(struct life_world *w, const char *person, int64_t id, const char *without)
{
	struct command c = {.verb = VERB_RESET, .id = id};

	c.without = (struct strings){&without, without != NULL};
	life_command(w, person, c);
}

/* a12, b30: a reading; a?: it is lost; a person's verbs; due: the one deadline. */
static void act(struct life_world *w, const char *word)
{
	struct incident *inc = newest(w);
	int64_t id = inc ? inc->number : 0;
	char sensor[2] = {word[0], 0};

	w->now_ms += 1000;
	if (!strcmp(word, "due"))
		life_until(w, inc->due.at_ms);
	else if (!strcmp(word, "ack"))
		life_command(w, "wang", (struct command){.verb = VERB_ACK, .id = id});
	else if (!strcmp(word, "scene"))
		life_command(w, "wang", (struct command){.verb = VERB_DONE, .id = id, .step = "scene"});
	else if (!strcmp(word, "paper"))
		life_command(w, "li", (struct command){.verb = VERB_DONE, .id = id, .step = "paper"});
	else if (!strcmp(word, "close"))
		life_command(w, "wang", (struct command){.verb = VERB_CLOSE, .id = id});
	else if (!strcmp(word, "reset") || !strcmp(word, "without")) {
		reset_by(w, "wang", id, word[0] == 'w' ? "a" : NULL);
		if (word[0] == 'w' || inc->state == STATE_LATCHED)
			reset_by(w, "li", id, NULL);
	} else if (word[1] == '?')
		life_reading(w, sensor, READING_AWAY, "");
	else
		life_reading(w, sensor, READING_VALUE, word + 1);
}

static void acts(struct life_world *w, const char *words)
{
	while (*words) {
		char word[16];
		size_t n = strcspn(words, " ");

		snprintf(word, sizeof word, "%.*s", (int)n, words);
		act(w, word);
		words += n + (words[n] == ' ');
	}
}

/* How the outside gives this cue in this state; NULL: nothing outside can, it is given directly. */
static const char *real_cue(enum state s, enum cue c)
{
	bool active = s == STATE_PRE_ALARM || s == STATE_UNACKED || s == STATE_ACKED;

	switch (c) {
	case CUE_RAISE:
		return active ? "b12" : "a12";
	case CUE_WORSEN:
		return "a30";
	case CUE_GONE:
		return active ? "a0" : NULL;
	case CUE_LOST:
		return active ? "a?" : NULL;
	case CUE_WITHOUT:
		return NULL; /* test_without */
	case CUE_ACK:
		return "ack";
	case CUE_DUE:
		return "due";
	case CUE_RESET:
		return "reset";
	case CUE_DONE:
		return "scene";
	case CUE_CLOSE:
		return "close";
	default:
		fail();
		return NULL;
	}
}

/* ------------------------------------------------- what the words of a cell say */

static bool says(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

/* "unacked: ..." "latched or cleared: ..." "=: ..." */
static bool may_become(const char *text, enum state from, enum state to)
{
	size_t head = strcspn(text, ":"), n = strlen(state_name(to));

	if (text[0] == '(') /* (new): the old one stays as it is */
		return to == from;
	for (const char *at = text; at < text + head;) {
		size_t len = strcspn(at, " :");

		if (len == 1 && *at == '=' && to == from)
			return true;
		if (len == n && !strncmp(at, state_name(to), n))
			return true;
		at += len + (at[len] == ' ');
	}
	return head == 1 && text[0] == '=' && to == from;
}

struct snapshot {
	enum state state;
	int rev, level, n_incidents;
	int64_t due_ms, number;
	enum next_what next;
};

static struct snapshot snap(const struct life_world *w, const struct incident *inc)
{
	return (struct snapshot){inc->state,     inc->rev,    inc->level, w->e->n_incidents,
	                         inc->due.at_ms, inc->number, inc->next};
}

static int count_rows(const struct life_world *w, enum audit_kind kind)
{
	int n = 0;

	for (int i = 0; i < w->fx.n; i++)
		n +=
		    w->fx.at[i].kind == EFFECT_AUDIT && (kind == AUDIT_COUNT || w->fx.at[i].row.kind == kind);
	return n;
}

static int count_calls(const struct life_world *w)
{
	int n = 0;

	for (int i = 0; i < w->fx.n; i++)
		n += w->fx.at[i].kind == EFFECT_NOTICE && w->fx.at[i].notice.kind == NOTICE_CALL;
	return n;
}

#define holds(CONDITION) \
	do { \
		if (!(CONDITION)) \
			fail_msg("%s / %s: %s: not so: %s", state_name(s), cue_name(c), text, #CONDITION); \
	} while (0)

static void check_refused(const struct life_world *w, const struct snapshot *was, const struct incident *inc,
                          const char *text)
{
	enum state s = was->state;
	enum cue c = CUE_CLOSE;

	holds(count_rows(w, AUDIT_COUNT) == 1 && count_rows(w, AUDIT_REFUSED) == 1);
	holds(inc->state == was->state && inc->rev == was->rev && inc->level == was->level);
	holds(inc->due.at_ms == was->due_ms && inc->next == was->next);
	for (int i = 0; i < w->fx.n; i++)
		if (w->fx.at[i].kind == EFFECT_REPLY) {
			char word[64];

			snprintf(word, sizeof word, "\"error\":\"%.*s\"",
			         (int)strspn(strstr(text, "R:") + 2, "abcdefghijklmnopqrstuvwxyz_"),
			         strstr(text, "R:") + 2);
			holds(says(w->fx.at[i].reply.json, word));
		}
}

static void check_chain(const struct life_world *w, const struct snapshot *was, const struct incident *inc,
                        enum cue c)
{
	enum state s = was->state;
	const char *text = life_cell_text(s, c);

	if (says(text, "chain from level 1")) {
		holds(inc->level == 1 && inc->next == NEXT_CALL && inc->due.at_ms == w->now_ms + 30000);
		holds(count_calls(w) == 1);
	}
	if (says(text, "due time kept"))
		holds(inc->level == was->level && inc->due.at_ms == was->due_ms && count_calls(w) == 0);
	if (says(text, "call now, level kept"))
		holds(inc->level == was->level && inc->next == NEXT_CALL && count_calls(w) > 0);
	if (says(text, "call next level"))
		holds(inc->level == was->level + 1 && count_calls(w) == 1 &&
		      inc->due.at_ms == w->now_ms + 60000);
	if (says(text, "ack void"))
		holds(!*inc->acked_by);
	if (says(text, "acked_by kept") || says(text, "chain stops"))
		holds(!strcmp(inc->acked_by, "wang") && count_calls(w) == 0);
	if (says(text, "investigate limit"))
		holds(inc->next == NEXT_INVESTIGATE && inc->due.at_ms == inc->opened_ms + 180000);
	if (says(text, "arm action watch"))
		holds(inc->next == NEXT_ACTION && inc->due.at_ms == w->now_ms + 180000);
	if (says(text, "; remind") || says(text, "arm remind"))
		holds(inc->next == NEXT_REMIND && inc->due.at_ms == w->now_ms + 900000);
	if (says(text, "stale"))
		holds(inc->stale || !real_cue(s, c));
	if (says(text, "ack_expired"))
		holds(count_rows(w, AUDIT_ACK_EXPIRED) == 1 && inc->level == was->level + 1 &&
		      count_calls(w) == 2);
}

static void check(const struct life_world *w, const struct snapshot *was, enum cue c)
{
	enum state s = was->state;
	const char *text = life_cell_text(s, c);
	struct incident *inc = incident_find(w->e, was->number);

	if (says(text, "empty the retained state")) {
		holds(!inc);
		return;
	}
	holds(inc != NULL);
	holds(may_become(text, was->state, inc->state));
	holds(life_armed(w, inc) == 1 && inc->due.at_ms > w->now_ms);
	if (says(text, "R:") && text[0] == '=') {
		check_refused(w, was, inc, text);
		return;
	}
	if (says(text, " or =") && inc->state == was->state)
		holds(inc->rev == was->rev);
	else
		holds(inc->rev == was->rev + (says(text, "rev+1") ? 1 : 0));
	if (text[0] == '(')
		holds(w->e->n_incidents == was->n_incidents + 1 && !strcmp(newest(w)->after, inc->id));
	else
		check_chain(w, was, inc, c);
}

static void walk_cell(struct plan *plan, enum state s, enum cue c)
{
	struct life_world w;
	struct incident *inc;
	struct snapshot was;
	const char *word = real_cue(s, c);
	struct cue_arg arg = {.who = "sensor:a", .kind = AUDIT_LOST};

	life_begin(&w, plan);
	acts(&w, start_of[s]);
	inc = newest(&w);
	assert_int_equal(inc->state, s);
	was = snap(&w, inc);
	if (word) {
		act(&w, word);
	} else {
		arg.member = &inc->members[0];
		effects_clear(&w.fx);
		w.e->fx = &w.fx;
		assert_int_equal(life_cue(w.e, inc, c, &arg), REFUSAL_NONE);
		w.e->fx = NULL;
	}
	check(&w, &was, c);
	life_end(&w);
}

static void test_every_cell(void **state)
{
	struct plan *plan = life_plan();

	(void)state;
	for (int s = 0; s < STATE_COUNT; s++)
		for (int c = 0; c < CUE_COUNT; c++)
			if (c != CUE_WITHOUT)
				walk_cell(plan, (enum state)s, (enum cue)c);
	plan_free(plan);
}

/* A lost member is taken out: by two persons where a reset may be asked, else as the engine would. */
static void without(struct plan *plan, const char *start, bool another, enum state expected)
{
	struct life_world w;
	struct incident *inc;
	struct cue_arg arg = {.who = "wang", .via = "mqtt"};
	const char *name = "a";
	struct strings names = {&name, 1};

	life_begin(&w, plan);
	acts(&w, start);
	acts(&w, another ? "b12 a?" : "a?");
	inc = newest(&w);
	effects_clear(&w.fx);
	w.e->fx = &w.fx;
	assert_true(incident_without(w.e, inc, &names, &arg));
	w.e->fx = NULL;
	assert_int_equal(inc->state, expected);
	assert_int_equal(life_armed(&w, inc), 1);
	assert_int_equal(count_rows(&w, AUDIT_OUT), 1);
	assert_false(inc->stale);
	life_end(&w);
}

static void test_without(void **state)
{
	struct plan *plan = life_plan();
	struct life_world w;

	(void)state;
	without(plan, "a12 due", false, STATE_RTN_UNACKED);
	without(plan, "a12 due", true, STATE_UNACKED);
	without(plan, "a12 due ack", false, STATE_LATCHED);
	without(plan, "a12 due ack", true, STATE_ACKED);
	life_begin(&w, plan);
	acts(&w, "a12 due ack a? without");
	assert_int_equal(newest(&w)->state, STATE_CLEARED);
	life_end(&w);
	plan_free(plan);
}

/* Where no member can be lost any more, and where one that is not is named: nothing, or the refusal. */
static void test_without_elsewhere(void **state)
{
	static const enum state states[] = {STATE_PRE_ALARM, STATE_RTN_UNACKED, STATE_LATCHED, STATE_CLEARED,
	                                    STATE_CLOSED};
	struct plan *plan = life_plan();

	(void)state;
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct life_world w;
		struct incident *inc;
		struct cue_arg arg = {.who = "wang", .kind = AUDIT_OUT};
		enum refusal r;

		life_begin(&w, plan);
		acts(&w, start_of[states[i]]);
		inc = newest(&w);
		arg.member = &inc->members[0];
		effects_clear(&w.fx);
		w.e->fx = &w.fx;
		r = life_cue(w.e, inc, CUE_WITHOUT, &arg);
		w.e->fx = NULL;
		assert_int_equal(r, states[i] == STATE_CLOSED ? REFUSAL_CLOSED : REFUSAL_NONE);
		assert_int_equal(inc->state, states[i]);
		assert_int_equal(life_armed(&w, inc), 1);
		life_end(&w);
	}
	plan_free(plan);
}

/* The second reminder without an answer, the second wrap, the limit that is set once. */
static void test_second_times(void **state)
{
	struct plan *plan = life_plan();
	struct life_world w;
	int64_t due_ms;

	(void)state;
	life_begin(&w, plan);
	acts(&w, "a12 due ack scene due");
	assert_int_equal(newest(&w)->state, STATE_ACKED); /* 1st reminder: stay */
	act(&w, "due");
	assert_int_equal(newest(&w)->state, STATE_UNACKED);
	act(&w, "due");
	assert_int_equal(count_rows(&w, AUDIT_CHAIN_EXHAUSTED), 1);
	act(&w, "due");
	assert_int_equal(count_rows(&w, AUDIT_CHAIN_EXHAUSTED), 0);
	assert_int_equal(newest(&w)->due.at_ms, w.now_ms + 60000);
	life_end(&w);

	life_begin(&w, plan);
	acts(&w, "a12 ack");
	due_ms = newest(&w)->due.at_ms;
	act(&w, "ack");
	assert_int_equal(newest(&w)->due.at_ms, due_ms);
	life_end(&w);
	plan_free(plan);
}

/* ---------------------------------------------------------------- the manual */

static char *manual(void)
{
	FILE *f = fopen(SOURCE_DIR "/contrib/doc/life.md", "rb");
	struct buf b = {0};
	char block[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	return buf_steal(&b);
}

static void test_the_manual_has_the_same_words(void **state)
{
	char *page = manual();

	(void)state;
	for (int s = 0; s < STATE_COUNT; s++) {
		struct buf row = {0};
		char name[32];
		const char *at, *end;

		snprintf(name, sizeof name, "| **%s** |", state_name((enum state)s));
		at = strstr(page, name);
		assert_non_null(at);
		end = strchr(at, '\n');
		buf_str(&row, name);
		for (int c = 0; c < CUE_COUNT; c++)
			buf_printf(&row, " %s |", life_cell_text((enum state)s, (enum cue)c));
		if (row.len != (size_t)(end - at) || memcmp(buf_text(&row), at, row.len) != 0)
			fail_msg("manual: %.*s\nengine: %s", (int)(end - at), at, buf_text(&row));
		buf_fini(&row);
	}
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_manual_has_the_same_words),
	    cmocka_unit_test(test_every_cell),
	    cmocka_unit_test(test_without),
	    cmocka_unit_test(test_without_elsewhere),
	    cmocka_unit_test(test_second_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
