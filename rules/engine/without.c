/* without.c - before persons take lost sensors out of an incident: would its
 * condition be true yet by what counts still (`within`, `clear_for`), and until
 * when? Nothing is changed: the leaves are only supposed to be out. */
#include "engine/flap.h"
#include "engine/gates.h"
#include "engine/life.h"
#include "engine/window.h"

#include <string.h>

enum { MINUTE_MS = 60000 };

static bool goes(const struct incident *inc, const struct gate *g, const struct strings *names)
{
	for (int i = 0; g->lost && i < inc->n_members; i++)
		if (!inc->members[i].out && !strcmp(inc->members[i].sensor, g->sensor->id))
			return incident_may_take_out(inc, &inc->members[i], names);
	return false;
}

static bool suppose(const struct incident *inc, const struct strings *names, bool yes)
{
	struct instance *in = inc->instance;

	for (int i = 0; in && i < in->n_gates; i++)
		in->gates[i]->supposed = yes && goes(inc, in->gates[i], names);
	return in && in->grade >= 0;
}

bool incident_stays_true(const struct engine *e, const struct incident *inc, const struct strings *names)
{
	bool stays = suppose(inc, names, true) && tree_stays(e, inc->instance);

	suppose(inc, names, false);
	return stays;
}

/* -- what it is that counts -- */

/* When a gate that is not true itself counts no more, or one that is true ends; 0: it is not known. */
static int64_t counts_until(const struct gate *g)
{
	if (!gate_counts(g))
		return 0;
	if (g->out != TRUTH_TRUE)
		return g->window->held.at_ms;
	return !g->sensor && g->raw != TRUTH_TRUE && g->delay.pos ? g->delay.at_ms : 0;
}

/* The last of the leaves of this sensor (NULL: of all that are no leaves). */
static int64_t last_of(const struct instance *in, const struct sensor *s)
{
	int64_t last_ms = 0;

	for (int i = 0; i < in->n_gates; i++) {
		int64_t at_ms = in->gates[i]->sensor == s ? counts_until(in->gates[i]) : 0;

		if (at_ms > last_ms)
			last_ms = at_ms;
	}
	return last_ms;
}

static bool is_first_of(const struct instance *in, int i)
{
	for (int k = 0; k < i; k++)
		if (in->gates[k]->sensor == in->gates[i]->sensor)
			return false;
	return true;
}

/* Rounded up: at that minute it is over. */
static void put(const struct engine *e, const char *name, int64_t at_ms, enum lang lang, struct buf *out)
{
	char clock[TIME_TEXT_BYTES];

	buf_printf(out, lang == LANG_ZH ? "%s%s(计入至 %s)" : "%s%s (counts until %s)", out->len ? ", " : "",
	           name, time_clock(&e->plan->tz, at_ms + MINUTE_MS - 1, clock));
}

void incident_put_counting(const struct engine *e, const struct incident *inc, const struct strings *names,
                           enum lang lang, struct buf *out)
{
	const struct instance *in = inc->instance;
	int64_t at_ms;

	if (!suppose(inc, names, true)) {
		suppose(inc, names, false);
		if (!out->len && inc->flapping && in && in->quiet.pos)
			put(e, lang == LANG_ZH ? "反复动作" : "flapping", in->quiet.at_ms, lang, out);
		return;
	}
	for (int i = 0; i < in->n_gates; i++) {
		const struct sensor *s = in->gates[i]->sensor;

		if (s && is_first_of(in, i) && (at_ms = last_of(in, s)))
			put(e, s->id, at_ms, lang, out);
	}
	at_ms = out->len ? 0 : last_of(in, NULL);
	if (at_ms)
		put(e, lang == LANG_ZH ? "报警条件" : "the condition", at_ms, lang, out);
	suppose(inc, names, false);
}
