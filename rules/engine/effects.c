/* effects.c - the list of what a turn wants done, and the rows of the audit. */
#include "engine/emit.h"
#include "engine/home.h"

#include <stdlib.h>
#include <string.h>

void effects_init(struct effects *fx)
{
	*fx = (struct effects){0};
	arena_init(&fx->arena);
}

void effects_clear(struct effects *fx)
{
	fx->n = 0;
	arena_fini(&fx->arena);
}

void effects_fini(struct effects *fx)
{
	effects_clear(fx);
	free(fx->at);
	*fx = (struct effects){0};
}

void records_init(struct records *r)
{
	*r = (struct records){0};
	arena_init(&r->arena);
}

void records_clear(struct records *r)
{
	r->n = 0;
	arena_fini(&r->arena);
}

void records_fini(struct records *r)
{
	records_clear(r);
	free(r->at);
	*r = (struct records){0};
}

void records_put(struct records *r, const char *key, const char *value)
{
	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->at = xrealloc(r->at, (size_t)r->cap * sizeof *r->at);
	}
	r->at[r->n++] = (struct record){arena_str(&r->arena, key), arena_str(&r->arena, value)};
}

uint64_t fnv64(uint64_t h, const char *text)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 1099511628211u;
	return h;
}

static struct effect *add(struct engine *e, enum effect_kind kind, int64_t cause)
{
	struct effects *fx = e->fx;
	struct effect *f;

	if (fx->n == fx->cap) {
		fx->cap = fx->cap ? fx->cap * 2 : 16;
		fx->at = xrealloc(fx->at, (size_t)fx->cap * sizeof *fx->at);
	}
	f = &fx->at[fx->n++];
	memset(f, 0, sizeof *f);
	f->kind = kind;
	f->cause = cause;
	return f;
}

static const char *dup(struct engine *e, const char *text)
{
	return arena_str(&e->fx->arena, text);
}

struct buf *row_begin(struct engine *e)
{
	buf_clear(&e->body);
	json_open(&e->body, NULL, '{');
	return &e->body;
}

int64_t row_end(struct engine *e, enum audit_kind kind, struct incident *inc, const char *who, int64_t cause)
{
	struct effect *f = add(e, EFFECT_AUDIT, cause);
	struct buf rec = {0};

	if (e->store != STORE_OK) {
		json_bool(&e->body, "late", true);
		e->caps.late_rows++;
	}
	json_close(&e->body, '}');
	e->seq++;
	e->counters_dirty = true;
	json_open(&rec, NULL, '{');
	json_int(&rec, "v", 1);
	json_int(&rec, "epoch", e->epoch);
	json_int(&rec, "seq", e->seq);
	json_time(&rec, "at", e->now_ms);
	json_str(&rec, "kind", audit_kind_name(kind));
	json_str(&rec, "inc", inc ? inc->id : NULL);
	json_str(&rec, "who", who);
	if (cause > 0)
		json_int(&rec, "cause", cause);
	else
		json_nil(&rec, "cause");
	json_raw(&rec, "body", buf_text(&e->body));
	json_close(&rec, '}');
	f->row = (struct row){e->seq, dup(e, buf_text(&rec)), kind};
	buf_fini(&rec);
	if (inc) {
		f->number = inc->number;
		inc->seq = e->seq;
		incident_touch(e, inc);
	}
	return e->seq;
}

void incident_touch(struct engine *e, struct incident *inc)
{
	inc->dirty = inc->changed = true;
	e->zones_changed = e->causes_changed = true;
}

void effect_want(struct engine *e, const char *sensor_id)
{
	add(e, EFFECT_WANT, 0)->sensor.id = dup(e, sensor_id);
}

void effect_follow(struct engine *e, const char *sensor_id, bool on)
{
	struct effect *f = add(e, EFFECT_FOLLOW, 0);

	f->sensor.id = dup(e, sensor_id);
	f->sensor.on = on;
}

static struct reply_to dup_reply_to(struct engine *e, const struct reply_to *to)
{
	return (struct reply_to){to->control, dup(e, to->req), dup(e, to->response_topic),
	                         dup(e, to->correlation)};
}

void effect_resend(struct engine *e, const struct command *c)
{
	struct effect *f = add(e, EFFECT_RESEND, 0);

	f->resend.from = c->from;
	f->resend.to = c->to;
	f->resend.user = dup(e, c->user);
	f->resend.reply = dup_reply_to(e, &c->reply);
}

void effect_query(struct engine *e, const struct command *c, enum lang lang)
{
	struct effect *f = add(e, EFFECT_QUERY, 0);

	f->query.verb = c->verb;
	f->query.number = c->id;
	f->query.back_ms = c->for_ms;
	f->query.lang = lang;
	f->query.user = c->by_login || c->as_root || c->as_person ? NULL : dup(e, c->user);
	f->query.reply = dup_reply_to(e, &c->reply);
}

void effect_reply(struct engine *e, const struct reply *r)
{
	struct effect *f = add(e, EFFECT_REPLY, e->seq);

	f->urgent = true; /* who acts while the store fails is answered, too */
	f->reply = (struct reply){dup(e, r->user), dup_reply_to(e, &r->to), dup(e, r->json), r->ok};
}

/* I2: of a store that is late or failing, commands of these still leave. */
static bool commands_go_unrecorded(const struct incident *inc)
{
	return inc &&
	       (inc->hazard == HAZARD_FIRE || inc->hazard == HAZARD_GAS || inc->hazard == HAZARD_WATER);
}

void effect_actuate(struct engine *e, const struct actuation *a, const struct incident *inc)
{
	const struct actuator *act = &e->plan->actuators[plan_actuator(e->plan, a->actuator)];
	struct effect *f = add(e, EFFECT_ACTUATE, a->cause);
	const char *payload = "";

	for (int i = 0; i < act->n_actions; i++)
		if (!strcmp(act->actions[i].id, a->action))
			payload = act->actions[i].send;
	f->urgent = commands_go_unrecorded(inc);
	f->life = inc && hazard_is_life(inc->hazard);
	f->number = a->incident;
	f->actuate = (struct actuate){a->id,           dup(e, act->id), dup(e, a->action), dup(e, act->topic),
	                              dup(e, payload), act->within_ms};
}

static void publish(struct engine *e, const char *topic, const char *payload, const struct incident *inc)
{
	struct effect *f = add(e, EFFECT_PUBLISH, inc ? inc->seq : e->seq);

	f->publish = (struct publish){.topic = dup(e, topic),
	                              .payload = dup(e, payload),
	                              .retain = true,
	                              .latest_wins = true,
	                              .qos = 1};
	f->urgent = inc != NULL;
	f->life = inc && hazard_is_life(inc->hazard) && !inc->drill;
	f->number = inc ? inc->number : 0;
}

void publish_dryrun(struct engine *e, const struct incident *inc, const char *topic, const char *payload)
{
	struct effect *f = add(e, EFFECT_PUBLISH, inc->seq);

	f->publish = (struct publish){.topic = dup(e, topic), .payload = dup(e, payload), .qos = 1};
	f->number = inc->number;
}

void publish_empty(struct engine *e, const char *topic)
{
	publish(e, topic, "", NULL);
}

void publish_whole(struct engine *e, const char *topic, const char *payload)
{
	publish(e, topic, payload, NULL);
	e->fx->at[e->fx->n - 1].publish.is_whole = true;
}

void publish_no_zone(struct engine *e, const char *zone)
{
	struct buf topic = {0};

	buf_printf(&topic, "zone/%s/state", zone);
	publish_empty(e, buf_text(&topic));
	buf_fini(&topic);
}

static void publish_incidents(struct engine *e)
{
	struct buf topic = {0}, json = {0};

	for (int i = 0; i < e->n_incidents; i++) {
		struct incident *inc = e->incidents[i];

		if (!inc->changed && !e->all_changed)
			continue;
		inc->changed = false;
		buf_clear(&topic);
		buf_clear(&json);
		buf_printf(&topic, "incident/%s/state", inc->id);
		render_incident(e, inc, &json);
		publish(e, buf_text(&topic), buf_text(&json), inc);
	}
	buf_fini(&topic);
	buf_fini(&json);
}

static void publish_zones(struct engine *e)
{
	unsigned char *judged = zones_judge(e);
	struct buf topic = {0};

	for (int z = 0; z < e->plan->n_zones; z++) {
		const char *word = zone_word(judged[z]);

		if (!e->all_changed && e->zone_words[z] && !strcmp(e->zone_words[z], word))
			continue;
		free(e->zone_words[z]);
		e->zone_words[z] = xstrdup(word);
		buf_clear(&topic);
		buf_printf(&topic, "zone/%s/state", e->plan->zones[z].id);
		publish(e, buf_text(&topic), word, NULL);
	}
	buf_fini(&topic);
	free(judged);
}

static void publish_rendered(struct engine *e, const char *topic,
                             void (*render)(const struct engine *e, struct buf *out))
{
	struct buf text = {0};

	render(e, &text);
	publish(e, topic, buf_text(&text), NULL);
	buf_fini(&text);
}

void publish_changed(struct engine *e)
{
	bool any = e->zones_changed || e->all_changed;

	if (any) {
		publish_incidents(e);
		publish_zones(e);
		publish_rendered(e, "summary", render_summary);
		publish_rendered(e, "summary/text", render_summary_text);
	}
	if (e->all_changed || e->duty_changed)
		publish_rendered(e, "oncall", render_oncall);
	if (any)
		publish_rendered(e, "impairments", render_impairments);
	if (e->all_changed)
		home_publish(e);
	e->zones_changed = e->all_changed = e->duty_changed = false;
}

void publish_fini(struct engine *e)
{
	for (int z = 0; e->zone_words && z < e->plan->n_zones; z++)
		free(e->zone_words[z]);
	free(e->zone_words);
	e->zone_words = NULL;
}

void effect_notice(struct engine *e, const struct notice *n, bool urgent)
{
	struct effect *f = add(e, EFFECT_NOTICE, n->seq);

	f->notice = *n;
	f->notice.id = dup(e, n->id);
	f->notice.person = dup(e, n->person);
	f->notice.channel = dup(e, n->channel);
	f->notice.incident = dup(e, n->incident);
	f->notice.text = dup(e, n->text);
	f->notice.answer = dup(e, n->answer);
	f->notice.covers = dup(e, n->covers);
	f->notice.user = dup(e, n->user);
	f->urgent = urgent;
	f->life = hazard_is_life(n->hazard) && !n->drill;
}
