/* view.c - what the control socket and the heartbeat show. */
#include "engine/flood.h"
#include "engine/render.h"

#include <stdio.h>
#include <stdlib.h>

static void put_seconds(struct buf *out, const char *key, int64_t ms)
{
	if (ms < 0)
		json_nil(out, key);
	else
		json_int(out, key, (ms + 500) / 1000);
}

static int64_t later_of(int64_t ms)
{
	return ms > 0 ? ms : 0;
}

struct beat {
	int open, unacked;
	int64_t oldest_ms, call_ms; /* age, time left; -1 none */
};

static struct beat measure(const struct engine *e, int64_t now_ms)
{
	struct beat b = {.oldest_ms = -1, .call_ms = -1};

	for (int i = 0; i < e->n_incidents; i++) {
		const struct incident *inc = e->incidents[i];
		int64_t age = later_of(now_ms - inc->opened_ms), left = later_of(inc->due.at_ms - now_ms);

		if (inc->state == STATE_CLOSED || inc->drill)
			continue;
		b.open++;
		b.unacked += incident_is_calling(inc);
		if (incident_is_calling(inc) && age > b.oldest_ms)
			b.oldest_ms = age;
		if (inc->next == NEXT_CALL && inc->due.pos && (b.call_ms < 0 || left < b.call_ms))
			b.call_ms = left;
	}
	return b;
}

void engine_view_heartbeat(const struct engine *e, const struct heartbeat_extra *x, struct buf *out)
{
	struct beat b = measure(e, x->now_ms);
	char plan[9];

	snprintf(plan, sizeof plan, "%s", e->plan->hash ? e->plan->hash : "");
	json_open(out, NULL, '{');
	json_int(out, "v", 1);
	json_int(out, "epoch", e->epoch);
	json_time(out, "at", x->now_ms);
	json_int(out, "n", x->n);
	json_int(out, "up_s", x->up_s);
	json_int(out, "open", b.open);
	json_int(out, "unacked", b.unacked);
	put_seconds(out, "oldest_unacked_s", b.oldest_ms);
	put_seconds(out, "next_call_s", b.call_ms);
	json_int(out, "queue", x->queue);
	json_str(out, "store", x->store);
	json_str(out, "broker", x->broker);
	json_bool(out, "flood", flood_is_on(e));
	json_str(out, "plan", plan);
	json_int(out, "seq", e->seq);
	json_close(out, '}');
}

void engine_view_list(const struct engine *e, bool with_closed, struct buf *out)
{
	const struct incident *inc;
	struct walk w = {0};

	json_open(out, NULL, '[');
	while ((inc = site_next(e, &w)))
		render_incident(e, inc, out);
	for (int i = 0; with_closed && i < e->n_incidents; i++)
		if (e->incidents[i]->state == STATE_CLOSED)
			render_incident(e, e->incidents[i], out);
	json_close(out, ']');
}

bool engine_view_incident(const struct engine *e, int64_t number, struct buf *out)
{
	for (int i = 0; i < e->n_incidents; i++)
		if (e->incidents[i]->number == number) {
			render_incident(e, e->incidents[i], out);
			return true;
		}
	return false;
}

void engine_view_summary(const struct engine *e, struct buf *out)
{
	render_summary(e, out);
}

void engine_view_unheard(const struct engine *e, struct buf *out)
{
	bool *heard = xcalloc((size_t)e->plan->n_sensors + 1, sizeof *heard);

	for (int i = 0; i < e->n_sensors; i++)
		if (e->sensors[i]->def >= 0)
			heard[e->sensors[i]->def] |= e->sensors[i]->has_value;
	json_open(out, NULL, '[');
	for (int i = 0; i < e->plan->n_sensors; i++)
		if (!heard[i])
			json_str(out, NULL, e->plan->sensors[i].id);
	json_close(out, ']');
	free(heard);
}
