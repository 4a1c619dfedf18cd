/* save_duty.c - duty as records: "d/<roster>", "do/<number>" an override. */
#include "engine/duty.h"
#include "engine/save.h"

#include <stdlib.h>
#include <string.h>

static void save_duty(const struct duty *d, struct buf *b)
{
	record_tag(b, "d");
	record_str(b, d->held);
	record_str(b, d->incoming);
	record_str(b, d->accepted);
	record_str(b, d->prepared);
	record_int(b, d->held_ms);
	record_int(b, d->since_ms);
	record_int(b, d->remind_ms);
	record_int(b, d->cause);
	save_deadline(b, &d->due);
	for (int i = 0; i < d->n_notes; i++) {
		record_tag(b, "note");
		record_int(b, d->notes[i].at_ms);
		record_str(b, d->notes[i].text);
	}
}

static void take(char **to, struct record_reader *r)
{
	free(*to);
	*to = record_read_str(r);
}

int duty_restore(struct engine *e, const char *key, struct record_reader *r)
{
	struct duty *d = duty_find(e, key + 2) ? duty_find(e, key + 2) : duty_make(e, key + 2);
	char tag[RECORD_TAG_BYTES];
	int roster = plan_roster(e->plan, d->id);

	d->roster = roster < 0 ? NULL : &e->plan->rosters[roster];
	d->dirty = false;
	take(&d->held, r);
	take(&d->incoming, r);
	take(&d->accepted, r);
	take(&d->prepared, r);
	d->held_ms = record_read_ms(r);
	d->since_ms = record_read_ms(r);
	d->remind_ms = record_read_ms(r);
	d->cause = record_read_number(r);
	restore_deadline(e, r, &d->due);
	if (duty_is_pending(d) && d->remind_ms < 0) { /* never would it be told that nobody has accepted */
		d->remind_ms = e->now_ms;
		r->bad = true;
	}
	while (record_line(r, tag))
		if (!strcmp(tag, "note") && d->n_notes < DUTY_NOTES_MAX) {
			d->notes[d->n_notes].at_ms = record_read_ms(r);
			d->notes[d->n_notes++].text = record_read_str(r);
		}
	return r->bad ? -1 : 0;
}

static void save_override(const struct override *o, struct buf *b)
{
	record_tag(b, "do");
	record_str(b, o->role);
	record_str(b, o->person);
	record_str(b, o->asked_by);
	record_str(b, o->by);
	record_str(b, o->words);
	record_int(b, o->from_ms);
	record_int(b, o->until_ms);
	save_deadline(b, &o->due);
}

int override_restore(struct engine *e, const char *key, struct record_reader *r)
{
	struct override o = {.number = strtoll(key + 3, NULL, 10)}, *kept;

	for (int i = 0; i < e->n_overrides; i++)
		if (e->overrides[i]->number == o.number)
			return -1;
	o.role = record_read_str(r);
	o.person = record_read_str(r);
	o.asked_by = record_read_str(r);
	o.by = record_read_str(r);
	o.words = record_read_str(r);
	o.from_ms = record_read_ms(r);
	o.until_ms = record_read_ms(r);
	kept = override_put(e, &o);
	restore_deadline(e, r, &kept->due);
	return r->bad ? -1 : 0;
}

void duties_save(struct engine *e, struct records *ret, bool all)
{
	struct buf b = {0};

	for (int i = 0; i < e->n_duties; i++)
		if (all || e->duties[i]->dirty) {
			buf_clear(&b);
			save_duty(e->duties[i], &b);
			records_put(ret, e->duties[i]->key, buf_text(&b));
		}
	for (int i = 0; i < e->n_overrides; i++)
		if (all || e->overrides[i]->dirty) {
			buf_clear(&b);
			save_override(e->overrides[i], &b);
			records_put(ret, e->overrides[i]->key, buf_text(&b));
		}
	buf_fini(&b);
}

void duties_set_clean(struct engine *e)
{
	for (int i = 0; i < e->n_duties; i++)
		e->duties[i]->dirty = false;
	for (int i = 0; i < e->n_overrides; i++)
		e->overrides[i]->dirty = false;
}
