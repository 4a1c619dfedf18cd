/* all_clear.c - fire, gas and people are over when two persons say so: what is
 * remembered of the first, who is asked for the second, and when it is void. */
#include "engine/emit.h"
#include "engine/life.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_BYTES = 160 };

void all_clear_begin(struct engine *e, struct incident *inc, int64_t until_ms)
{
	deadline_set(&e->heap, &inc->all_clear, until_ms);
	incident_touch(e, inc);
}

void all_clear_void(struct engine *e, struct incident *inc)
{
	if (!*inc->reset_by && !inc->all_clear.pos)
		return;
	xreplace(&inc->reset_by, "");
	xreplace(&inc->reset_without, "");
	deadline_clear(&e->heap, &inc->all_clear);
	incident_touch(e, inc);
}

/* "王强已复位(第一人),停用 gas-b2;须另一人在 03:38 前核实并回复:reset 17" */
static void say_asked(const struct engine *e, const struct incident *inc, int to, struct buf *out)
{
	bool zh = e->plan->people[to].language == LANG_ZH;
	int first = plan_person(e->plan, inc->reset_by);
	const char *name = first >= 0 ? e->plan->people[first].name : inc->reset_by;
	size_t shown = utf8_cut(inc->reset_without, NAMES_BYTES); /* what to do must not be cut away behind them */
	char clock[TIME_TEXT_BYTES];

	buf_printf(out, zh ? "%s已复位(第一人)" : "First all-clear by %s", name);
	if (*inc->reset_without)
		buf_printf(out, zh ? ",停用 %.*s%s" : ", without %.*s%s", (int)shown, inc->reset_without,
		           inc->reset_without[shown] ? "…" : "");
	time_clock(&e->plan->tz, inc->all_clear.at_ms, clock);
	buf_printf(out,
	           zh ? ";须另一人在 %s 前核实并回复:reset %lld"
	              : ". A second person must make sure before %s and reply: reset %lld",
	           clock, (long long)inc->number);
}

static void ask(struct engine *e, struct incident *inc, int person, int64_t cause)
{
	struct buf words = {0};
	struct to_send s = {NOTICE_TELL, person, inc, NULL, NULL, inc->level, cause, -1};

	say_asked(e, inc, person, &words);
	s.words = buf_text(&words);
	outbox_send(e, &s);
	buf_fini(&words);
}

/* Those who were called know of it; where that is only the first himself, the next level. */
void all_clear_ask(struct engine *e, struct incident *inc, int first, int64_t cause)
{
	int people[LEVEL_PEOPLE_MAX], n, asked = 0;

	for (int i = 0; i < inc->n_called; i++) {
		int person = plan_person(e->plan, inc->called[i].person);

		if (person < 0 || person == first)
			continue;
		ask(e, inc, person, cause);
		asked++;
	}
	n = asked ? 0 : chain_people(e, inc, inc->level + 1, people, LEVEL_PEOPLE_MAX);
	for (int i = 0; i < n; i++)
		if (people[i] != first)
			ask(e, inc, people[i], cause);
}

static void remind(struct engine *e, struct incident *inc, int person, int64_t cause)
{
	struct to_send s = {NOTICE_REMINDER, person, inc, NULL, NULL, inc->level, cause, -1};

	if (person < 0)
		return;
	s.words = e->plan->people[person].language == LANG_ZH ? "第二人未在30分钟内复位,须两人重新复位"
	                                                      : "No second all-clear within 30 minutes: it "
	                                                        "takes two persons again";
	outbox_send(e, &s);
}

void all_clear_due(struct engine *e, struct incident *inc)
{
	int first = plan_person(e->plan, inc->reset_by), acker = plan_person(e->plan, inc->acked_by);
	struct buf *b;
	int64_t seq;

	if (!*inc->reset_by || !incident_is_open(inc)) { /* a damaged record */
		all_clear_void(e, inc);
		return;
	}
	b = row_begin(e);
	json_str(b, "first", inc->reset_by);
	json_bool(b, "expired", true);
	seq = row_end(e, AUDIT_RESET, inc, "system", 0);
	all_clear_void(e, inc);
	remind(e, inc, first, seq);
	if (acker != first)
		remind(e, inc, acker, seq);
}
