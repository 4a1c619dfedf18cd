/* flap.c - counts how often an incident type became true in its scope. */
#include "engine/flap.h"

#include "engine/emit.h"
#include "engine/save.h"

#include <string.h>

enum { WINDOW_MS = 600000, QUIET_MS = 600000 };

bool flap_onset(struct engine *e, struct instance *in)
{
	struct incident *inc = in->incident;
	int64_t oldest_ms;

	memmove(in->onsets_ms, in->onsets_ms + 1, (FLAP_ONSETS - 1) * sizeof *in->onsets_ms);
	in->onsets_ms[FLAP_ONSETS - 1] = e->now_ms;
	oldest_ms = in->onsets_ms[0];
	in->dirty = true;
	if (!inc || inc->flapping || !oldest_ms || e->now_ms - oldest_ms > WINDOW_MS)
		return false;
	inc->flapping = true;
	flap_moved(e, inc);
	return true;
}

void flap_moved(struct engine *e, struct incident *inc)
{
	if (!inc->flapping || !inc->instance)
		return;
	deadline_set(&e->heap, &inc->instance->quiet, e->now_ms + QUIET_MS);
	inc->instance->dirty = true;
	incident_touch(e, inc);
}

bool flap_holds(struct engine *e, struct incident *inc)
{
	flap_moved(e, inc);
	return inc->flapping && !hazard_is_life(inc->hazard);
}

/* The plan has lost the type, so nobody looks any more; the last that was known is that it is over. */
static bool is_over(const struct instance *in)
{
	return !in->type && !incident_is_active(in->incident);
}

void flap_due(struct engine *e, struct instance *in)
{
	in->dirty = true;
	memset(in->onsets_ms, 0, sizeof in->onsets_ms);
	if (!in->incident)
		return;
	in->incident->flapping = false;
	incident_touch(e, in->incident);
	incident_grade(e, in, in->grade, in->known || is_over(in));
}

void flap_shift(struct instance *in, int64_t by_ms)
{
	for (int i = 0; i < FLAP_ONSETS; i++)
		if (in->onsets_ms[i])
			in->onsets_ms[i] += by_ms;
}

void flap_save(const struct instance *in, struct buf *out)
{
	if (!in->onsets_ms[FLAP_ONSETS - 1])
		return;
	record_tag(out, "flap");
	save_deadline(out, &in->quiet);
	for (int i = 0; i < FLAP_ONSETS; i++)
		record_int(out, in->onsets_ms[i]);
}

void flap_restore(struct engine *e, struct instance *in, const char *record)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];

	record_open(&r, record);
	while (record_line(&r, tag)) {
		if (strcmp(tag, "flap"))
			continue;
		restore_deadline(e, &r, &in->quiet);
		for (int i = 0; i < FLAP_ONSETS; i++)
			in->onsets_ms[i] = record_read_ms(&r);
	}
}
