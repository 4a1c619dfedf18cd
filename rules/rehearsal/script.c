/* script.c - a file of tests: its site, its tests. */
#include "rehearsal/reading.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* -- a test -- */

/* Two keys may stand in the map. */
static void keys_check(struct reading_script *s, const struct node *map, const char *const *keys,
                       const char *where)
{
	for (int i = 0; i < map->n; i++) {
		struct nearest near = {.word = map->pairs[i].key->text};

		if (!strcmp(near.word, keys[0]) || !strcmp(near.word, keys[1]))
			continue;
		complain(&s->r, map->pairs[i].key, "unknown key '%s' in %s", near.word, where);
		nearest_try(&near, keys[0]);
		nearest_try(&near, keys[1]);
		if (near.best)
			advise_nearest(&s->r, &near);
		else
			advise(&s->r, "known keys: %s, %s", keys[0], keys[1]);
	}
}

static bool digits(const char **at, int n, int *ret)
{
	for (*ret = 0; n > 0; n--, ++*at) {
		if (**at < '0' || **at > '9')
			return false;
		*ret = *ret * 10 + (**at - '0');
	}
	return true;
}

/* "2026-11-22 03:10" or with seconds, on the clocks of the site. */
static bool civil_parse(const char *text, struct civil *ret)
{
	static const struct {
		int n;
		const char *before;
	} parts[] = {{4, ""}, {2, "-"}, {2, "-"}, {2, " "}, {2, ":"}, {2, ":"}};
	int value[6] = {0};

	for (int i = 0; i < 6 && (i < 5 || *text); i++) {
		if (strncmp(text, parts[i].before, strlen(parts[i].before)) != 0)
			return false;
		text += strlen(parts[i].before);
		if (!digits(&text, parts[i].n, &value[i]))
			return false;
	}
	*ret = (struct civil){.year = value[0],
	                      .month = value[1],
	                      .day = value[2],
	                      .hour = value[3],
	                      .minute = value[4],
	                      .second = value[5]};
	return !*text && ret->year >= 2020 && ret->year < 2050 && ret->month >= 1 && ret->month <= 12 &&
	       ret->day >= 1 && ret->day <= 31 && ret->hour < 24 && ret->minute < 60 && ret->second < 60;
}

static int64_t start_read(struct reading_script *s, const struct node *node)
{
	/* An ordinary Monday morning. */
	struct civil c = {.year = 2026, .month = 1, .day = 5, .hour = 10};
	const char *text = node ? text_read(s, node, "start") : NULL;
	int64_t local_ms, at_ms;

	if (text && !civil_parse(text, &c)) {
		complain(&s->r, node, "'%s' is not a time", text);
		advise(&s->r, "write start: \"2026-11-22 03:10\", by the clocks of the site");
	}
	local_ms = at_ms = time_from_civil(&c);
	for (int i = 0; i < 2; i++)
		at_ms = local_ms - (int64_t)tz_offset_s(&s->plan->tz, at_ms) * 1000;
	return at_ms;
}

static void test_read_into(struct reading_script *s, const struct pair *p, struct script_test *ret)
{
	static const char *const keys[] = {"start", "steps"};
	const struct node *steps = node_get(p->value, "steps");

	*ret = (struct script_test){
	    .name = arena_str(s->arena, p->key->text), .line = p->key->mark.line, .col = p->key->mark.col};
	if (!must_be_map(&s->r, &(struct entry){NULL, p->value}, "a test"))
		return;
	keys_check(s, p->value, keys, "a test");
	ret->start_ms = start_read(s, node_get(p->value, "start"));
	if (steps)
		doing_read(s, steps, ret);
	else
		complain(&s->r, p->key, "the test has no 'steps'");
}

static void tests_read(struct reading_script *s, const struct node *root, struct script *ret)
{
	static const char *const keys[] = {"site", "tests"};
	const struct node *map = node_get(root, "tests");
	struct script_test *tests;

	keys_check(s, root, keys, "a file of tests");
	if (!map || map->kind != NODE_MAP || !map->n) {
		complain(&s->r, map ? map : root,
		         "a file of tests needs 'tests': {the name of a test: {steps: [...]}}");
		return;
	}
	tests = arena_alloc(s->arena, (size_t)map->n * sizeof *tests);
	for (int i = 0; i < map->n; i++)
		test_read_into(s, &map->pairs[i], &tests[i]);
	ret->tests = tests;
	ret->n = map->n;
}

/* -- a file -- */

static const struct node *root_read(struct reader *r, const struct source *file, struct problems *problems)
{
	const struct node *root;

	reader_init(r, file, 1, problems);
	root = yaml_read(r, 0);
	if (r->is_broken)
		return NULL;
	if (root && root->kind == NODE_MAP)
		return root;
	complain_at(r, root ? root->mark : (struct mark){0, 1, 1},
	            "a file of tests has the keys 'site' and 'tests'");
	return NULL;
}

static void reader_end(struct reader *r)
{
	problems_sort(r->problems);
	plan_free(r->plan);
	reader_fini(r);
}

const char *script_site(const struct source *file, struct arena *arena, struct problems *problems)
{
	struct reader r;
	const struct node *root = root_read(&r, file, problems), *site = node_get(root, "site");
	const char *text = NULL;

	if (site)
		text = scalar_text(&r, site, "site");
	else if (root) {
		complain(&r, root, "which site is tested?");
		advise(&r, "write site: tocsin.yaml, the path of its main file, seen from this one");
	}
	text = text ? arena_str(arena, text) : NULL;
	reader_end(&r);
	return text;
}

struct script *script_read(const struct source *file, const struct plan *plan, struct problems *problems)
{
	struct script *ret = xcalloc(1, sizeof *ret);
	struct reading_script s = {.plan = plan, .arena = &ret->arena};
	const struct node *root;
	int before = problems->n_errors;

	arena_init(&ret->arena);
	s.topics = topics_new(plan);
	root = root_read(&s.r, file, problems);
	if (root)
		tests_read(&s, root, ret);
	reader_end(&s.r);
	topics_free(s.topics);
	if (root && problems->n_errors == before)
		return ret;
	script_free(ret);
	return NULL;
}

void script_free(struct script *s)
{
	if (!s)
		return;
	arena_fini(&s->arena);
	free(s);
}
