/* naming.c - the plan's names in parts that fit a packet. Every part is an
 * object with the same keys; whoever reads them puts them together. */
#include "naming.h"

#include <stdbool.h>
#include <string.h>

/* The part that is being written; of the others only the length is known. */
struct writing {
	struct buf *out;
	struct buf entry;
	const char *section; /* that is open in this part, or NULL */
	size_t bytes;        /* of this part so far */
	int part, wanted;
};

static bool is_wanted(const struct writing *w)
{
	return w->part == w->wanted;
}

static void section_end(struct writing *w)
{
	if (w->section && is_wanted(w))
		json_close(w->out, '}');
	w->section = NULL;
}

/* The entry that was written last goes into this part, or begins the next one. */
static void put(struct writing *w, const char *section, const char *id)
{
	size_t bytes = w->entry.len + 2 * strlen(id) + 64;

	if (w->bytes + bytes > NAMING_BYTES) {
		section_end(w);
		w->part++;
		w->bytes = 0;
	}
	if (w->section != section) {
		section_end(w);
		w->section = section;
		if (is_wanted(w))
			json_open(w->out, section, '{');
	}
	if (is_wanted(w))
		json_raw(w->out, id, buf_text(&w->entry));
	w->bytes += bytes;
}

static struct buf *entry(struct writing *w)
{
	buf_clear(&w->entry);
	json_open(&w->entry, NULL, '{');
	return &w->entry;
}

static void end(struct writing *w, const char *section, const char *id)
{
	json_close(&w->entry, '}');
	put(w, section, id);
}

static void put_text(struct buf *b, const struct text *text)
{
	for (int l = 0; l < LANG_COUNT; l++)
		json_str(b, lang_name((enum lang)l), text->in[l]);
}

static void put_strings(struct buf *b, const char *key, const struct strings *s)
{
	json_open(b, key, '[');
	for (int i = 0; i < s->n; i++)
		json_str(b, NULL, s->at[i]);
	json_close(b, ']');
}

static void put_zones(struct writing *w, const struct plan *plan)
{
	for (int i = 0; i < plan->n_zones; i++) {
		const struct zone *z = &plan->zones[i];
		struct buf *b = entry(w);

		put_text(b, &z->name);
		if (z->in >= 0)
			json_str(b, "in", plan->zones[z->in].id);
		end(w, "zones", z->id);
	}
}

static void put_people(struct writing *w, const struct plan *plan)
{
	for (int i = 0; i < plan->n_people; i++) {
		const struct person *p = &plan->people[i];
		struct buf *b = entry(w);

		json_str(b, "name", p->name);
		put_strings(b, "users", &p->users);
		end(w, "people", p->id);
	}
	for (int i = 0; i < plan->n_roles; i++) {
		put_text(entry(w), &plan->roles[i].name);
		end(w, "roles", plan->roles[i].id);
	}
}

static void put_types(struct writing *w, const struct plan *plan)
{
	for (int i = 0; i < plan->n_types; i++) {
		const struct incident_type *t = &plan->types[i];
		struct buf *b = entry(w);

		put_text(b, &t->title);
		json_str(b, "hazard", hazard_name(t->hazard));
		if (t->self >= 0) /* nobody raises it */
			json_bool(b, "self", true);
		end(w, "types", t->id);
	}
}

static void put_actuators(struct writing *w, const struct plan *plan)
{
	for (int i = 0; i < plan->n_actuators; i++) {
		const struct actuator *a = &plan->actuators[i];
		struct buf *b = entry(w);

		json_str(b, "kind", a->kind);
		json_str(b, "zone", a->zone < 0 ? NULL : plan->zones[a->zone].id);
		json_open(b, "actions", '[');
		for (int k = 0; k < a->n_actions; k++)
			json_str(b, NULL, a->actions[k].id);
		json_close(b, ']');
		json_open(b, "operators", '[');
		for (int k = 0; k < a->operators.n; k++)
			json_str(b, NULL, plan->roles[a->operators.at[k]].id);
		json_close(b, ']');
		end(w, "actuators", a->id);
	}
}

static void put_signs(struct writing *w, const struct plan *plan)
{
	for (int i = 0; i < plan->n_signs; i++) {
		put_text(entry(w), &plan->signs[i].text);
		end(w, "signs", plan->signs[i].id);
	}
}

int naming_part(const struct plan *plan, int part, struct buf *out)
{
	struct writing w = {.out = out, .part = 1, .wanted = part};

	json_open(out, NULL, '{');
	json_int(out, "v", 1);
	json_int(out, "part", part);
	json_str(out, "plan", plan->hash);
	json_str(out, "timezone", plan->timezone);
	json_open(out, "site", '{');
	put_text(out, &plan->site_name);
	json_close(out, '}');
	put_people(&w, plan);
	put_zones(&w, plan);
	put_types(&w, plan);
	put_actuators(&w, plan);
	put_signs(&w, plan);
	section_end(&w);
	json_int(out, "parts", w.part);
	json_close(out, '}');
	buf_fini(&w.entry);
	return w.part;
}
