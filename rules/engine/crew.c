/* crew.c - people on duty as ids with blanks between, and how rows and notices
 * speak of them. */
#include "engine/duty.h"

#include "engine/emit.h"

#include <string.h>

/* Of a large crew a notice names so many: what is asked comes after them, and it must fit. */
enum { NAMED_MAX = 6 };

/* -- crews: ids with blanks between -- */

static bool next_id(const char **at, size_t *ret_len)
{
	*at += strspn(*at, " ");
	*ret_len = strcspn(*at, " ");
	return *ret_len > 0;
}

int duty_crew(const struct engine *e, const char *crew, int *people, int cap)
{
	size_t len;
	int n = 0;

	for (const char *at = crew; n < cap && next_id(&at, &len); at += len)
		for (int p = 0; p < e->plan->n_people; p++)
			if (strlen(e->plan->people[p].id) == len &&
			    !strncmp(e->plan->people[p].id, at, len)) {
				people[n++] = p;
				break;
			}
	return n;
}

bool duty_is_on(const struct engine *e, const char *crew, int person)
{
	int people[HOLDERS_MAX], n = duty_crew(e, crew, people, HOLDERS_MAX);

	for (int i = 0; i < n; i++)
		if (people[i] == person)
			return true;
	return false;
}

void crew_add(char **crew, const char *id)
{
	struct buf b = {0};

	buf_printf(&b, "%s%s%s", *crew, **crew ? " " : "", id);
	xreplace(crew, buf_text(&b));
	buf_fini(&b);
}

int crew_count(const struct engine *e, const char *crew)
{
	int people[HOLDERS_MAX];

	return duty_crew(e, crew, people, HOLDERS_MAX);
}

bool duty_is_pending(const struct duty *d)
{
	return *d->incoming != 0;
}

bool duty_serves(const struct engine *e, const struct duty *d, int role)
{
	return role >= 0 && duty_of_role(e, role) == d;
}

/* -- rows and notices -- */

void crew_put(const struct engine *e, struct buf *b, const char *key, const char *crew)
{
	int people[HOLDERS_MAX], n = duty_crew(e, crew, people, HOLDERS_MAX);

	json_open(b, key, '[');
	for (int i = 0; i < n; i++)
		json_str(b, NULL, e->plan->people[people[i]].id);
	json_close(b, ']');
}

struct buf *duty_row(struct engine *e, const struct duty *d, const char *what)
{
	struct buf *b = row_begin(e);

	json_str(b, "roster", d->id);
	json_str(b, "what", what);
	crew_put(e, b, "out", d->held);
	crew_put(e, b, "in", d->incoming);
	return b;
}

void duty_changed(struct engine *e, struct duty *d)
{
	d->dirty = true;
	e->duty_changed = true;
	for (int i = 0; i < e->n_incidents; i++) /* who their steps and calls go to */
		if (incident_is_open(e->incidents[i]))
			incident_touch(e, e->incidents[i]);
}

void duty_tell(struct engine *e, int person, const char *words, int64_t cause)
{
	struct to_send s = {NOTICE_HANDOVER, person, NULL, NULL, words, 0, cause, -1};

	outbox_send(e, &s);
}

/* The names of the roles of a roster. */
void duty_put_roles(const struct engine *e, const struct duty *d, enum lang lang, struct buf *out)
{
	bool any = false;

	for (int r = 0; r < e->plan->n_roles; r++) {
		if (e->plan->roles[r].roster != d->roster)
			continue;
		buf_printf(out, "%s%s", any ? (lang == LANG_ZH ? "、" : ", ") : "",
		           e->plan->roles[r].name.in[lang]);
		any = true;
	}
}

void crew_put_names(const struct engine *e, const char *crew, enum lang lang, struct buf *out)
{
	int people[HOLDERS_MAX], n = duty_crew(e, crew, people, HOLDERS_MAX);

	for (int i = 0; i < n && i < NAMED_MAX; i++)
		buf_printf(out, "%s%s", i ? (lang == LANG_ZH ? "、" : ", ") : "",
		           e->plan->people[people[i]].name);
	if (n > NAMED_MAX)
		buf_printf(out, lang == LANG_ZH ? "等%d人" : " and %d more", lang == LANG_ZH ? n : n - NAMED_MAX);
}
