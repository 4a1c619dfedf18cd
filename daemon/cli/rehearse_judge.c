/* rehearse_judge.c - is it as expected, and if not, how is it then? */
#include "rehearse.h"

#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

/* -- one field -- */

/* The value under "chain/level", or NULL. */
static const struct answer *value_at(const struct answer *doc, const char *path)
{
	while (doc && *path) {
		char key[128];
		size_t len = strcspn(path, "/");
		int64_t place;

		snprintf(key, sizeof key, "%.*s", (int)len, path);
		path += len + (path[len] == '/');
		if (!len)
			continue; /* a JSON pointer begins with a slash */
		place = strspn(key, "0123456789") == len && len < 6 ? strtoll(key, NULL, 10) : -1;
		doc = answer_count(doc) && place >= 0 ? answer_at(doc, (int)place) : answer_get(doc, key);
	}
	return doc;
}

/* As it would be written in a script; the caller's. */
static char *text_of(const struct answer *value)
{
	char *text = value ? answer_compact(value) : xstrdup("none");

	if (*text == '"') {
		free(text);
		text = xstrdup(answer_text(value));
	}
	return text;
}

static const struct answer *member_of(const struct answer *array, const char *under, const char *name)
{
	for (int i = 0; i < answer_count(array); i++)
		if (!strcmp(answer_str(answer_at(array, i), under), name))
			return answer_at(array, i);
	return NULL;
}

static bool is_set(const struct answer *array, const struct script_field *f)
{
	for (int i = 0; i < f->texts.n; i++)
		if (!member_of(array, f->under, f->texts.at[i]))
			return false;
	return answer_count(array) == f->texts.n;
}

/* What the document has where the field looks. */
static char *actual(const struct answer *doc, const struct script_field *f)
{
	const struct answer *value = value_at(doc, f->path);
	struct buf out = {0};

	switch (f->match) {
	case MATCH_TEXT:
	case MATCH_PART:
		return text_of(value);
	case MATCH_COUNT:
		buf_printf(&out, "%d", answer_count(value));
		break;
	case MATCH_MEMBER:
		return text_of(answer_get(member_of(value, f->under, f->key), f->then));
	case MATCH_SET:
		for (int i = 0; i < answer_count(value); i++)
			buf_printf(&out, "%s%s", i ? " " : "", answer_str(answer_at(value, i), f->under));
		break;
	}
	return buf_steal(&out);
}

static bool fits(const struct answer *doc, const struct script_field *f)
{
	char *text;
	bool ok;

	if (f->match == MATCH_SET)
		return is_set(value_at(doc, f->path), f);
	text = actual(doc, f);
	ok = f->match == MATCH_PART ? strstr(text, f->texts.at[0]) != NULL : !strcmp(text, f->texts.at[0]);
	free(text);
	return ok;
}

static int fitting(const struct answer *doc, const struct script_expect *x)
{
	int n = 0;

	for (int i = 0; i < x->n; i++)
		n += fits(doc, &x->fields[i]);
	return n;
}

/* -- what there is -- */

static bool wants_closed(const struct script_expect *x)
{
	for (int i = 0; i < x->n; i++)
		if (!strcmp(x->fields[i].name, "state") && !strcmp(x->fields[i].texts.at[0], "closed"))
			return true;
	return false;
}

static void put_zones(const struct judged *j, struct buf *out)
{
	json_open(out, NULL, '[');
	for (int i = 0; i < j->plan->n_zones; i++) {
		json_open(out, NULL, '{');
		json_str(out, "zone", j->plan->zones[i].id);
		json_str(out, "state", j->zones[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void put_holder(const char *role, const char *person, const char *why, struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "role", role);
	json_str(out, "person", person);
	json_str(out, "why", why);
	json_close(out, '}');
}

static void put_oncall(const struct judged *j, struct buf *out)
{
	struct buf view = {0};
	struct err err;
	struct answer *all;
	const struct answer *one;
	const char *role;

	engine_view_oncall(j->stage->engine, NULL, &view);
	all = answer_read(buf_text(&view), view.len, &err);
	json_open(out, NULL, '[');
	for (int i = 0; (one = answer_member(all, i, &role)); i++) {
		const struct answer *in = answer_get(answer_get(one, "handover"), "in");

		put_holder(role, answer_str(one, "person"), answer_str(one, "why"), out);
		for (int k = 0; k < answer_count(in); k++) /* who comes holds it, too */
			put_holder(role, answer_text(answer_at(in, k)), answer_str(one, "why"), out);
	}
	json_close(out, ']');
	answer_free(all);
	buf_fini(&view);
}

/* A list of what is true now; the caller's. */
static struct answer *present(const struct judged *j, const struct script_expect *x)
{
	struct buf json = {0};
	struct answer *all;
	struct err err;

	if (x->what == WHAT_INCIDENT)
		engine_view_list(j->stage->engine, wants_closed(x), &json);
	else if (x->what == WHAT_ZONE)
		put_zones(j, &json);
	else
		put_oncall(j, &json);
	all = answer_read(buf_text(&json), json.len, &err);
	buf_fini(&json);
	if (!all)
		abort(); /* our own */
	return all;
}

static bool is_state(const struct script_expect *x)
{
	return x->what < WHAT_NOTICE;
}

static bool is_in(const struct seen *s, const struct script_expect *x, const struct judge_window *w)
{
	if (w->only_ms >= 0 && s->at_ms != w->only_ms)
		return false;
	if (x->what == WHAT_NOTHING)
		return s->what == WHAT_NOTICE || s->what == WHAT_COMMAND || s->is_opening;
	return s->what == x->what;
}

static int count_true(const struct judged *j, const struct script_expect *x, const struct judge_window *w)
{
	struct answer *all = is_state(x) ? present(j, x) : NULL;
	int n = 0;

	for (int i = 0; all && i < answer_count(all); i++)
		n += fitting(answer_at(all, i), x) == x->n;
	for (int i = w->from; !all && i < j->sights->n; i++)
		n += is_in(&j->sights->at[i], x, w) && fitting(j->sights->at[i].doc, x) == x->n;
	answer_free(all);
	return n;
}

bool judge_holds(const struct judged *j, const struct script_expect *x, const struct judge_window *w)
{
	int n = count_true(j, x, w);

	if (x->what == WHAT_NOTHING || x->is_not)
		return n == 0;
	return x->count >= 0 ? n == x->count : n > 0;
}

/* -- told -- */

static void put_field(const struct script_field *f, struct buf *out)
{
	buf_printf(out, "%s ", f->name);
	if (f->match == MATCH_SET)
		buf_char(out, '[');
	for (int i = 0; i < f->texts.n; i++)
		buf_printf(out, "%s%s", i ? " " : "", f->texts.at[i]);
	if (f->match == MATCH_SET)
		buf_char(out, ']');
}

void judge_expected(const struct script_expect *x, struct buf *out)
{
	const char *what = script_what_name(x->what);

	buf_str(out, x->is_not ? "no " : "");
	if (!x->n || strcmp(x->fields[0].name, what) != 0)
		buf_printf(out, "%s%s", what, x->n ? ", " : "");
	for (int i = 0; i < x->n; i++) {
		buf_str(out, i ? ", " : "");
		put_field(&x->fields[i], out);
	}
	if (x->count >= 0)
		buf_printf(out, ", count %d", x->count);
}

static bool is_principal(const struct script_expect *x, const struct script_field *f)
{
	return !strcmp(f->name, script_what_name(x->what));
}

/* How near a document comes: what it is about says most. */
static int nearness(const struct answer *doc, const struct script_expect *x)
{
	int n = fitting(doc, x);

	for (int i = 0; i < x->n; i++)
		if (is_principal(x, &x->fields[i]) && fits(doc, &x->fields[i]))
			n += x->n;
	return n;
}

/* The principal, and the fields that don't fit. */
static void put_differing(const struct answer *doc, const struct script_expect *x, struct buf *out)
{
	bool any = false;

	for (int i = 0; i < x->n; i++) {
		bool fit = fits(doc, &x->fields[i]);
		char *text;

		if (fit && !is_principal(x, &x->fields[i]))
			continue;
		text = actual(doc, &x->fields[i]);
		buf_printf(out, "%s%s %s", any ? ", " : "", x->fields[i].name, text);
		any = true;
		free(text);
	}
}

static const struct answer *nearest_of(const struct answer *all, const struct script_expect *x)
{
	const struct answer *best = NULL;
	int most = 0;

	for (int i = 0; i < answer_count(all); i++) {
		int n = nearness(answer_at(all, i), x);

		if (n > most) {
			best = answer_at(all, i);
			most = n;
		}
	}
	return best;
}

static void got_state(const struct judged *j, const struct script_expect *x, struct buf *out)
{
	struct answer *all = present(j, x);
	const struct answer *best = nearest_of(all, x);

	if (best)
		put_differing(best, x, out);
	else if (x->what == WHAT_INCIDENT && answer_count(all))
		for (int i = 0; i < answer_count(all); i++)
			buf_printf(out, "%s%s in %s", i ? ", " : "incidents ",
			           answer_str(answer_at(all, i), "type"),
			           answer_str(answer_at(all, i), "zone"));
	else
		buf_printf(out, "no open %s", script_what_name(x->what));
	answer_free(all);
}

/* What came nearest, whenever that was since the last expectation. */
static const struct seen *nearest_seen(const struct judged *j, const struct script_expect *x, int from)
{
	const struct judge_window any = {from, -1};
	const struct seen *best = NULL;
	int most = -1;

	for (int i = from; i < j->sights->n; i++) {
		const struct seen *s = &j->sights->at[i];
		int n = is_in(s, x, &any) ? nearness(s->doc, x) : -1;

		if (n > most) {
			best = s;
			most = n;
		}
	}
	return best;
}

void judge_got(const struct judged *j, const struct script_expect *x, const struct judge_window *w,
               struct buf *out)
{
	const struct seen *near;
	char span[48];

	if (is_state(x)) {
		got_state(j, x, out);
		return;
	}
	if (x->count >= 0)
		buf_printf(out, "%d of them; ", count_true(j, x, w));
	near = nearest_seen(j, x, w->from);
	if (near)
		buf_printf(out, "at %s %s", seen_span(near->at_ms, span),
		           near->line ? near->line : script_what_name(x->what));
	else
		buf_printf(out, "no %s", script_what_name(x->what));
}
