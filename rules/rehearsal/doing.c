/* doing.c - the steps of a test: when, and what is done then. */
#include "rehearsal/reading.h"

#include "base/text.h"

#include <string.h>

#define SCRIPT_TEXT_2(A, T) T,
static const char *const when_words[] = {SCRIPT_WHEN_LIST(SCRIPT_TEXT_2) NULL};
static const char *const act_words[] = {SCRIPT_ACT_LIST(SCRIPT_TEXT_2) NULL};
static const char *const channel_words[] = {SCRIPT_CHANNEL_LIST(SCRIPT_TEXT_2) NULL};
static const char *const broker_words[] = {"down", "up", NULL};
static const char *const store_words[] = {"ok", "late", "failing", NULL};
#define SCRIPT_TEXT_4(A, T, Z, E) T,
static const char *const self_words[] = {SELF_LIST(SCRIPT_TEXT_4) NULL};
static const char *const refusal_words[] = {REFUSAL_LIST(SCRIPT_TEXT_2) NULL};
static const char *const verbs[] = {
#define SCRIPT_TEXT_3(A, T, G) T,
    VERB_LIST(SCRIPT_TEXT_3) NULL};

static int word_of(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	return -1;
}

/* -- what a step does -- */

static bool bytes_of_hex(const char *hex, char *ret, size_t *ret_len)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *hex; hex++) {
		const char *high, *low;

		if (*hex == ' ')
			continue;
		high = strchr(digits, hex[0]);
		low = hex[1] ? strchr(digits, hex[1]) : NULL;
		if (!high || !low)
			return false;
		ret[n++] = (char)((high - digits) << 4 | (low - digits));
		hex++;
	}
	*ret_len = n;
	return true;
}

/* A text, or {hex: "c8 bc"} for bytes that are none. */
static void payload_read(struct reading_script *s, const struct node *node, struct script_message *ret)
{
	const struct node *hex = node->kind == NODE_MAP && node->n == 1 ? node_get(node, "hex") : NULL;
	const char *text =
	    hex || node->kind == NODE_SCALAR ? text_read(s, hex ? hex : node, "a payload") : NULL;
	char *bytes;

	ret->payload = text ? text : "";
	ret->len = strlen(ret->payload);
	if (!hex && node->kind != NODE_SCALAR) {
		complain(&s->r, node, "a payload is a text, or {hex: \"...\"}");
		advise(&s->r, "JSON stands in single quotes: '{\"smoke\": true}'");
	} else if (hex && text) {
		bytes = arena_alloc(s->arena, ret->len + 1);
		if (!bytes_of_hex(text, bytes, &ret->len))
			complain(&s->r, hex, "'%s' is not hex: pairs of 0-9 a-f", text);
		ret->payload = bytes;
	}
}

static void topic_check(struct reading_script *s, const struct node *node)
{
	struct nearest near = {.word = node->text};

	if (topics_heard(s->topics, node->text))
		return;
	complain(&s->r, node, "no sensor of the site listens to '%s'", node->text);
	if (!strcmp(node->text, "topic") || !strcmp(node->text, "payload")) {
		advise(&s->r, "write publish: {the/topic: the payload}");
		return;
	}
	for (int i = 0; i < s->plan->n_sensors; i++)
		nearest_try(&near, s->plan->sensors[i].topic);
	advise_nearest(&s->r, &near);
}

static void publish_read(struct reading_script *s, const struct node *node, struct script_step *ret)
{
	struct script_message *m;

	if (node->kind != NODE_MAP || !node->n) {
		complain(&s->r, node, "'publish' is a map: {the/topic: the payload}");
		return;
	}
	m = arena_alloc(s->arena, (size_t)node->n * sizeof *m);
	for (int i = 0; i < node->n; i++) {
		topic_check(s, node->pairs[i].key);
		m[i].topic = arena_str(s->arena, node->pairs[i].key->text);
		payload_read(s, node->pairs[i].value, &m[i]);
	}
	ret->messages = m;
	ret->n_messages = node->n;
}

static void silence_read(struct reading_script *s, const struct node *node, struct script_step *ret)
{
	struct script_message *m = arena_alloc(s->arena, sizeof *m);

	m->topic = text_read(s, node, "silence");
	if (m->topic)
		topic_check(s, node);
	m->payload = "";
	ret->messages = m;
	ret->n_messages = m->topic != NULL;
}

static void channel_read(struct reading_script *s, const struct node *node, struct script_step *ret)
{
	if (node->kind != NODE_MAP || node->n != 1) {
		complain(&s->r, node, "'channel' is a map of one: {sms: down}");
		return;
	}
	ret->channel = refer_read(s, REFER_CHANNEL, node->pairs[0].key);
	ret->state = word_read(s, channel_words, node->pairs[0].value);
}

static void say_read(struct reading_script *s, const struct node *step, const struct node *node,
                     struct script_step *ret)
{
	const char *person = refer_read(s, REFER_PERSON, node);
	int i = person ? plan_person(s->plan, person) : -1;

	ret->user = i >= 0 && s->plan->people[i].users.n ? s->plan->people[i].users.at[0] : "";
	for (int k = 0; k < step->n; k++) {
		const struct node *key = step->pairs[k].key;

		if (word_of(verbs, key->text) < 0)
			continue;
		if (ret->verb)
			complain(&s->r, key, "a second verb: one step says one thing");
		ret->verb = arena_str(s->arena, key->text);
		ret->words = words_read(s, step->pairs[k].value, key->text);
	}
	if (!ret->verb) {
		complain(&s->r, node, "what does '%s' say?", node->text);
		advise(&s->r, "write {by: %s, ack: gas-leak}: any verb of tocsin, with its words",
		       node->text);
	}
}

static void act_read(struct reading_script *s, const struct node *step, const struct node *node,
                     struct script_step *ret)
{
	switch (ret->act) {
	case ACT_EXPECT:
		expects_read(s, node, ret);
		return;
	case ACT_PUBLISH:
		publish_read(s, node, ret);
		return;
	case ACT_SILENCE:
		silence_read(s, node, ret);
		return;
	case ACT_SAY:
		say_read(s, step, node, ret);
		return;
	case ACT_CHANNEL:
		channel_read(s, node, ret);
		return;
	case ACT_BROKER:
		ret->state = word_read(s, broker_words, node);
		return;
	case ACT_STORE:
		ret->state = word_read(s, store_words, node);
		return;
	case ACT_FAULT:
	case ACT_MENDED:
		ret->state = word_read(s, self_words, node);
		return;
	case ACT_RESTART:
		duration_read(s, node, "restart", &ret->down_ms);
		return;
	case SCRIPT_ACT_COUNT:
		return;
	}
}

/* -- a step -- */

static void unknown_key(struct reading_script *s, const struct node *key)
{
	struct nearest near = {.word = key->text};

	for (int i = 1; when_words[i]; i++)
		nearest_try(&near, when_words[i]);
	for (int i = 0; act_words[i]; i++)
		nearest_try(&near, act_words[i]);
	for (int i = 0; verbs[i]; i++)
		nearest_try(&near, verbs[i]);
	complain(&s->r, key, "unknown key '%s' in a step", key->text);
	if (near.best)
		advise_nearest(&s->r, &near);
	else if (!advise_full_width(&s->r, key->text))
		advise(&s->r,
		       "when: at, after, within, until; what: expect, publish, silence, by, channel, broker, "
		       "store, fault, mended, restart");
}

static void keep_bool(struct reading_script *s, const struct node *node, bool *ret)
{
	static const char *const words[] = {"false", "true", NULL};

	*ret = word_read(s, words, node) == 1;
}

/* True: the key is neither when nor what, but says more of it. */
static bool detail_read(struct reading_script *s, const struct pair *p, struct script_step *ret)
{
	const char *key = p->key->text;
	int word;

	if (!strcmp(key, "every")) {
		duration_read(s, p->value, key, &ret->every_ms);
		if (ret->every_ms < 1)
			complain(&s->r, p->value, "'every' must be more than nothing");
	} else if (!strcmp(key, "retained")) {
		keep_bool(s, p->value, &ret->retained);
	} else if (!strcmp(key, "refused")) {
		word = word_read(s, refusal_words, p->value);
		ret->refused = word >= 0 ? refusal_words[word] : NULL;
	} else {
		return word_of(verbs, key) >= 0;
	}
	return true;
}

static void pair_read(struct reading_script *s, const struct node *step, const struct pair *p,
                      struct script_step *ret)
{
	int when = word_of(when_words, p->key->text), act = word_of(act_words, p->key->text);

	if (when > 0) {
		if (ret->when)
			complain(&s->r, p->key, "'%s' beside '%s': a step has one time", p->key->text,
			         when_words[ret->when]);
		ret->when = (enum script_when)when;
		if (!duration_read(s, p->value, p->key->text, &ret->when_ms))
			ret->when = SCRIPT_NOW;
	} else if (act >= 0) {
		if (ret->act != SCRIPT_ACT_COUNT)
			complain(&s->r, p->key, "'%s' beside '%s': a step does one thing", p->key->text,
			         act_words[ret->act]);
		ret->act = (enum script_act)act;
		act_read(s, step, p->value, ret);
	} else if (!detail_read(s, p, ret)) {
		unknown_key(s, p->key);
	}
}

/* What belongs to another act says nothing here. */
static void step_check(struct reading_script *s, const struct node *step, const struct script_step *ret)
{
	static const struct {
		const char *key;
		enum script_act act;
	} belongs[] = {{"within", ACT_EXPECT},
	               {"until", ACT_EXPECT},
	               {"every", ACT_PUBLISH},
	               {"retained", ACT_PUBLISH},
	               {"refused", ACT_SAY}};

	for (size_t i = 0; i < sizeof belongs / sizeof *belongs; i++)
		if (node_get(step, belongs[i].key) && ret->act != belongs[i].act)
			complain(&s->r, node_get(step, belongs[i].key), "'%s' belongs to '%s'",
			         belongs[i].key, act_words[belongs[i].act]);
	for (int i = 0; i < step->n && ret->act != ACT_SAY; i++)
		if (word_of(verbs, step->pairs[i].key->text) >= 0) {
			complain(&s->r, step->pairs[i].key, "who says '%s'?", step->pairs[i].key->text);
			advise(&s->r, "write {by: wang, %s: ...}", step->pairs[i].key->text);
			return;
		}
	for (int i = 0; ret->when == SCRIPT_WITHIN && i < ret->n_expects; i++)
		if (ret->expects[i].what == WHAT_NOTHING ||
		    (ret->expects[i].is_not && ret->expects[i].what >= WHAT_NOTICE)) {
			complain(&s->r, step, "what must not happen has no moment at which it comes true");
			advise(&s->r, "write 'until' instead of 'within'");
		}
	if (ret->act != SCRIPT_ACT_COUNT)
		return;
	complain(&s->r, step, "a step that does nothing");
	advise(&s->r, "write {at: 3s, expect: ...}, {at: 0s, publish: ...} or {at: 9s, by: wang, ack: ...}");
}

static void time_check(struct reading_script *s, const struct node *step, const struct script_step *ret,
                       int64_t *least_ms)
{
	bool is_clock = ret->when == SCRIPT_AT || ret->when == SCRIPT_UNTIL;

	if (ret->when == SCRIPT_AFTER)
		*least_ms += ret->when_ms;
	if (!is_clock)
		return;
	if (ret->when_ms < *least_ms) {
		complain(&s->r, step, "this step is earlier than the one before");
		advise(
		    &s->r,
		    "'at' and 'until' count from the start of the test, 'after' and 'within' from the step "
		    "before");
	} else {
		*least_ms = ret->when_ms;
	}
}

void doing_read(struct reading_script *s, const struct node *list, struct script_test *ret)
{
	struct script_step *steps;
	int64_t least_ms = 0;

	if (!must_be_list(&s->r, list, "steps"))
		return;
	steps = arena_alloc(s->arena, (size_t)(list->n + 1) * sizeof *steps);
	for (int i = 0; i < list->n; i++) {
		const struct node *step = list->items[i];

		steps[i] = (struct script_step){
		    .line = step->mark.line, .col = step->mark.col, .act = SCRIPT_ACT_COUNT, .state = -1};
		if (!must_be_map(&s->r, &(struct entry){NULL, step}, "a step"))
			continue;
		for (int k = 0; k < step->n; k++)
			pair_read(s, step, &step->pairs[k], &steps[i]);
		step_check(s, step, &steps[i]);
		time_check(s, step, &steps[i], &least_ms);
	}
	ret->steps = steps;
	ret->n = list->n;
}
