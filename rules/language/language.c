/* language.c - all files of a configuration to one plan, or to everything that
 * is wrong with them. */
#include "language/language.h"

#include "language/reader.h"
#include "language/tables.h"

#include <stdlib.h>

#define TABLE_ADDRESS(T) &T##_keys,
static const struct table *const tables[] = {TABLES_LIST(TABLE_ADDRESS)};

const struct table *const *language_keys(int *ret_n)
{
	*ret_n = (int)(sizeof tables / sizeof *tables);
	return tables;
}

void reader_init(struct reader *r, const struct source *sources, int n, struct problems *problems)
{
	*r = (struct reader){.sources = sources, .n_sources = n, .problems = problems};
	arena_init(&r->arena);
	r->names = arena_alloc(&r->arena, (size_t)(n + 1) * sizeof *r->names);
	r->lines = arena_alloc(&r->arena, (size_t)(n + 1) * sizeof *r->lines);
	for (int i = 0; i < n; i++)
		r->names[i] = arena_str(&problems->arena, sources[i].name);
	r->plan = xcalloc(1, sizeof *r->plan);
	arena_init(&r->plan->arena);
}

void reader_fini(struct reader *r)
{
	free(r->wanted);
	free(r->said);
	arena_fini(&r->arena);
}

/* References go to what is read before them, but for zones, roles and
 * playbooks, whose ids are known from the start. */
static void read_sections(struct reader *r)
{
	site_read(r);
	zones_read(r);
	watches_signs(r);
	sensors_read(r);
	channels_read(r);
	people_read(r);
	home_assistant_read(r);
	chains_read(r);
	actuators_read(r);
	interlocks_read(r);
	playbooks_read(r);
	watches_read(r);
	signs_read(r);
	incidents_read(r);
	rosters_read(r);
	roles_read(r);
	plan_check(r);
}

struct plan *language_read(const struct source *sources, int n, struct problems *problems)
{
	struct reader r;
	const struct node **roots;
	struct plan *plan = NULL;

	reader_init(&r, sources, n, problems);
	roots = arena_alloc(&r.arena, (size_t)(n + 1) * sizeof *roots);
	for (int i = 0; i < n; i++)
		roots[i] = yaml_read(&r, i);
	if (n) { /* what is right in the other files is looked at all the same */
		sections_collect(&r, roots);
		read_sections(&r);
	}
	problems_sort(problems);
	if (n && !problems->n_errors)
		plan = r.plan;
	else
		plan_free(r.plan);
	reader_fini(&r);
	return plan;
}

void language_accuse(const struct source *main, const struct accusation *a, struct problems *problems)
{
	struct reader r;
	const struct node *root, *value;
	struct nearest near = {0};

	reader_init(&r, main, 1, problems);
	root = yaml_read(&r, 0);
	value = node_get(node_get(root, a->section), a->key);
	if (a->is_warning && root) {
		caution(&r, value ? value : root, "%s", a->text);
	} else if (value && value->kind == NODE_SCALAR) {
		near.word = value->text;
		for (int i = 0; i < a->known.n; i++)
			nearest_try(&near, a->known.at[i]);
		complain(&r, value, "%s", a->text);
	} else {
		complain_at(&r, (struct mark){0, 1, 1}, "%s", a->text);
	}
	if (near.best)
		advise_nearest(&r, &near);
	else
		advise(&r, "%s", a->hint);
	problems_sort(problems);
	plan_free(r.plan);
	reader_fini(&r);
}

void language_accuse_at(const struct source *sources, int n, struct place_in_file at, const char *text,
                        const char *hint, struct problems *problems)
{
	struct reader r;

	reader_init(&r, sources, n, problems);
	for (int i = 0; i < n; i++)
		lines_find(&r, i);
	complain_at(&r, (struct mark){at.source, at.line, at.col}, "%s", text);
	if (hint)
		advise(&r, "%s", hint);
	problems_sort(problems);
	plan_free(r.plan);
	reader_fini(&r);
}

struct strings language_includes(const struct source *main, struct arena *arena)
{
	struct problems problems;
	struct reader r;
	struct strings ret = {NULL, 0};
	const struct node *include;

	problems_init(&problems);
	reader_init(&r, main, 1, &problems);
	include = node_get(yaml_read(&r, 0), "include");
	if (include) { /* also beside an error elsewhere: without them it would drag false ones behind it */
		bool is_list = include->kind == NODE_LIST;
		int n = is_list ? include->n : 1;
		const char **globs = arena_alloc(arena, (size_t)(n + 1) * sizeof *globs);

		for (int i = 0; i < n; i++) {
			const struct node *glob = is_list ? include->items[i] : include;

			if (glob->kind == NODE_SCALAR && *glob->text)
				globs[ret.n++] = arena_str(arena, glob->text);
		}
		ret.at = globs;
	}
	plan_free(r.plan);
	reader_fini(&r);
	problems_fini(&problems);
	return ret;
}
