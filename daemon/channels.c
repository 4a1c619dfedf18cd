#include "channel_slot.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "clock.h"
#include "log.h"
#include "plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { FAILED_LIMIT = 3, DEFAULT_TIMEOUT_MS = 20000, AT_ONCE_MAX = 64, WHY_BYTES = 240 };
#define CUT "…"

/* -- slots -- */

static void slot_free(struct slot *s)
{
	LIST_REMOVE(s, entry);
	if (s->instance)
		s->api->close(s->instance);
	slot_watch_nothing(s);
	loop_timer_free(s->pump);
	loop_timer_free(s->timer);
	arena_fini(&s->arena);
	free((char *)s->id);
	free(s);
}

/* Never from within a call of its own: the plugin may still be at work there. */
static void slot_settle(struct slot *s)
{
	if (s->is_retired && !s->n_jobs)
		loop_timer_in(s->pump, 0);
}

static struct slot *find_slot(struct channels *c, const char *id)
{
	struct slot *s;

	LIST_FOREACH(s, &c->slots, entry)
	if (!s->is_retired && !strcmp(s->id, id))
		return s;
	return NULL;
}

/* -- who and what does not get through -- */

static struct reached *reached_of(struct channels *c, const char *person)
{
	struct reached *r;

	LIST_FOREACH(r, &c->people, entry)
	if (!strcmp(r->person, person))
		return r;
	r = xcalloc(1, sizeof *r);
	r->person = xstrdup(person);
	LIST_INSERT_HEAD(&c->people, r, entry);
	return r;
}

static void forget_people(struct channels *c)
{
	struct reached *r;

	while ((r = LIST_FIRST(&c->people))) {
		LIST_REMOVE(r, entry);
		free(r->person);
		free(r);
	}
}

static uint64_t fnv(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	return h;
}

static void count(int *n_failed, enum outcome outcome)
{
	*n_failed = outcome == OUTCOME_FAILED ? *n_failed + 1 : 0;
}

static void channels_in_trouble(struct channels *c, bool is_linked, struct buf *out)
{
	struct slot *s;

	LIST_FOREACH(s, &c->slots, entry)
	{
		if (!is_linked && s->api == &plugin_page)
			s->n_failed = 0;
		if (!s->is_retired && (!s->instance || s->n_failed >= FAILED_LIMIT))
			buf_printf(out, "%schannel %s: %s", out->len ? "; " : "", s->id,
			           s->instance ? s->why : s->error);
	}
}

void channels_trouble(struct channels *c, bool is_linked, char *ret, size_t cap)
{
	struct reached *r;
	struct buf out = {0};

	channels_in_trouble(c, is_linked, &out);
	if (!is_linked)
		forget_people(c);
	LIST_FOREACH(r, &c->people, entry)
	if (r->n_failed >= FAILED_LIMIT)
		buf_printf(&out, "%s%s is not reached: the last %d notices failed", out.len ? "; " : "",
		           r->person, r->n_failed);
	snprintf(ret, cap, "%.*s", (int)utf8_cut(buf_text(&out), cap - 1), buf_text(&out));
	buf_fini(&out);
}

/* -- jobs: the end -- */

static struct job *job_of(struct queue_item *item)
{
	return (struct job *)(void *)((char *)item - offsetof(struct job, item));
}

/* What a program or a service said may be anything, and goes into the audit. */
static const char *harmless(const char *why, char ret[WHY_BYTES])
{
	snprintf(ret, WHY_BYTES, "%.*s", (int)utf8_cut(why, WHY_BYTES - 1), why);
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	for (char *c = ret; !utf8_valid(ret, strlen(ret)) && *c; c++)
		*c = (unsigned char)*c > 0x7f ? '?' : *c;
	return ret;
}

static void job_tell(struct job *j, enum outcome outcome, const char *why)
{
	struct slot *s = j->slot;

	LIST_REMOVE(j, entry);
	s->n_jobs--;
	s->count.n_failed += outcome == OUTCOME_FAILED;
	s->count.n_sent += outcome != OUTCOME_FAILED;
	s->channels->out.outcome(s->channels->out.arg,
	                         &(struct channel_outcome){j->notice, s->id, outcome, why});
	arena_fini(&j->arena);
	free(j);
}

/* Those that left with it end with it: one attempt, that worked or failed once. */
static void job_end(struct job *j, enum outcome outcome, const char *reason)
{
	struct slot *s = j->slot;
	char clean[WHY_BYTES];
	const char *why = reason ? harmless(reason, clean) : NULL;

	count(&s->n_failed, outcome);
	count(&reached_of(s->channels, j->view.person)->n_failed, outcome);
	snprintf(s->why, sizeof s->why, "%.*s", (int)utf8_cut(why ? why : "", sizeof s->why - 1),
	         why ? why : "");
	for (struct queue_item *with; (with = TAILQ_FIRST(&j->item.with)) && j->item.n_with; j->item.n_with--) {
		TAILQ_REMOVE(&j->item.with, with, entry);
		job_tell(job_of(with), outcome, why);
	}
	job_tell(j, outcome, why);
	slot_settle(s);
}

/* The plugin has answered. */
void job_answered(struct job *j, enum outcome outcome, const char *why)
{
	struct slot *s = j->slot;

	queue_answered(&s->queue);
	loop_timer_in(s->pump, 0);
	job_end(j, outcome, why);
}

void job_later(struct job *j, int64_t in_ms, const char *why)
{
	struct slot *s = j->slot;
	char text[200];

	queue_answered(&s->queue);
	loop_timer_in(s->pump, 0);
	j->is_active = false;
	s->count.n_again++;
	if (queue_again(&s->queue, &j->item, clock_steady_ms(), in_ms, fnv(j->notice))) {
		snprintf(j->why, sizeof j->why, "%.*s", (int)utf8_cut(why, sizeof j->why - 1), why);
		return;
	}
	snprintf(text, sizeof text, "%.*s; no time to try again", (int)utf8_cut(why, 160), why);
	job_end(j, OUTCOME_FAILED, text);
}

static void on_spawned(void *arg, void *job, enum runner_end end, const char *why)
{
	(void)arg;
	if (end == RUNNER_LATER)
		job_later(job, -1, why);
	else
		job_answered(job, end == RUNNER_OK ? OUTCOME_SENT : OUTCOME_FAILED, why);
}

void channels_published(struct channels *c, int64_t token, bool ok, const char *why)
{
	struct job *j;

	LIST_FOREACH(j, &c->jobs, entry)
	if (j->number * 2 + 1 == token)
		break;
	if (!j || !j->n_publishes)
		return;
	if (!ok && !j->has_failed) {
		j->has_failed = true;
		strncpy(j->why, why ? why : "not published", sizeof j->why - 1);
	}
	if (--j->n_publishes == 0)
		job_answered(j, j->has_failed ? OUTCOME_FAILED : OUTCOME_SENT, j->has_failed ? j->why : NULL);
}

/* -- opening -- */

static void start_waiting(void *arg);

static void open_plugin(struct slot *s, const struct channel *def)
{
	struct plugin_value values[PLUGIN_OPTIONS_MAX];
	struct plugins_order order = {plugins_find(def->plugin, s->error), def, 0};
	int option;

	s->api = order.api;
	if (s->api && plugins_values(&order, &s->arena, values, &option, s->error) == 0)
		s->instance = s->api->open(&s->host, values, def->timeout_ms, s->error);
	if (!s->instance)
		log_at(LOG_ERR, "channel %s (plugin %s) cannot be used: %s", def->id, def->plugin, s->error);
}

static void open_slot(struct channels *c, const struct channel *def)
{
	struct slot *s = xcalloc(1, sizeof *s);
	struct queue_rule rule = {
	    .per_minute = def->per_minute, .burst = def->burst, .reserve = def->reserve};

	s->channels = c;
	s->id = xstrdup(def->id);
	s->timeout_ms = def->timeout_ms > 0 ? def->timeout_ms : DEFAULT_TIMEOUT_MS;
	s->max_bytes = def->max_bytes;
	s->digest = def->digest;
	slot_host(s);
	arena_init(&s->arena);
	s->pump = loop_timer(c->loop, start_waiting, s);
	LIST_INSERT_HEAD(&c->slots, s, entry);
	open_plugin(s, def);
	rule.max_active = s->api ? s->api->max_active : 0;
	queue_init(&s->queue, &rule, clock_steady_ms());
}

void channels_use(struct channels *c, const struct plan *plan)
{
	struct slot *s, *next;

	for (s = LIST_FIRST(&c->slots); s; s = next) {
		next = LIST_NEXT(s, entry);
		s->is_retired = true;
		if (!s->n_jobs)
			slot_free(s);
	}
	forget_people(c);
	c->plan = plan;
	for (int i = 0; plan && i < plan->n_channels; i++)
		open_slot(c, &plan->channels[i]);
}

struct channels *channels_new(struct loop *loop, const struct channels_out *out)
{
	struct channels *c = xcalloc(1, sizeof *c);

	*c = (struct channels){.loop = loop, .out = *out};
	LIST_INIT(&c->slots);
	LIST_INIT(&c->jobs);
	c->runner = runner_open(loop, on_spawned, c);
	return c;
}

void channels_free(struct channels *c)
{
	struct job *j;

	if (!c)
		return;
	runner_close(c->runner);
	while ((j = LIST_FIRST(&c->jobs))) {
		LIST_REMOVE(j, entry);
		j->slot->n_jobs--;
		arena_fini(&j->arena);
		free(j);
	}
	channels_use(c, NULL);
	free(c);
}

/* -- jobs: the beginning -- */

static const char *rendered(struct job *j, const struct channel_notice *n, bool again, bool as_json)
{
	struct notice notice = *n->notice;
	struct notice_marks marks = n->marks;
	struct buf text = {0};
	const char *copy;

	notice.id = n->sent_id;
	marks.repeat |= again;
	if (as_json)
		notice_json(&notice, j->slot->channels->plan->site, &marks, &text);
	else
		notice_text(&notice, &marks, &text);
	copy = arena_dup(&j->arena, buf_text(&text), text.len);
	buf_fini(&text);
	return copy;
}

/* The text begins with what matters most; what is cut off is at its end. */
static const char *shortened(struct job *j, const char *text)
{
	size_t cap = (size_t)j->slot->max_bytes;

	if (!cap || strlen(text) <= cap)
		return text;
	if (cap <= sizeof CUT)
		return arena_dup(&j->arena, text, utf8_cut(text, cap));
	return arena_printf(&j->arena, "%.*s" CUT, (int)utf8_cut(text, cap - (sizeof CUT - 1)), text);
}

/* What stands before the text: AGAIN, EXERCISE, UNRECORDED. */
static const char *marks_of(struct job *j, const char *text, const char *unmarked)
{
	size_t len = strlen(text), rest = strlen(unmarked);

	while (len > rest && text[len - rest - 1] == ' ')
		rest++;
	return len > rest ? arena_dup(&j->arena, text, len - rest) : "";
}

static const char *address_of(const struct plan *plan, const struct person *p, const char *channel)
{
	for (int i = 0; i < p->n_addresses; i++)
		if (p->addresses[i].channel == plan_channel(plan, channel))
			return p->addresses[i].text;
	return NULL;
}

static void fill_person(struct plugin_job *v, struct arena *a, const struct person *p)
{
	v->person = arena_str(a, p->id);
	v->name = arena_str(a, p->name ? p->name : p->id);
	v->phone = arena_str(a, p->phone);
	v->mail = arena_str(a, p->mail);
}

/* What fails here goes by no other channel of the person's. */
static bool is_last_way(const struct plan *plan, const struct person *person, const char *channel)
{
	int c = plan_channel(plan, channel);

	for (int i = 0; i + 1 < person->channels.n; i++)
		if (person->channels.at[i] == c)
			return false;
	return true;
}

static struct job *job_new(struct slot *s, const struct person *person, const struct channel_notice *n)
{
	struct job *j = xcalloc(1, sizeof *j);
	const struct notice *notice = n->notice;
	int64_t left_ms = notice->reply_by_ms - n->now_ms;
	struct plugin_job *v = &j->view;

	arena_init(&j->arena);
	j->slot = s;
	j->number = ++s->channels->last_job;
	j->notice = arena_str(&j->arena, notice->id);
	*v = (struct plugin_job){.size = sizeof *v, .notice = arena_str(&j->arena, n->sent_id)};
	v->site = s->channels->plan->site;
	v->unique = arena_printf(&j->arena, "%s-%lld-%s", v->site, (long long)notice->epoch, n->sent_id);
	fill_person(v, &j->arena, person);
	v->language = lang_name(notice->lang);
	v->incident = arena_str(&j->arena, notice->incident);
	v->kind = notice_kind_name(notice->kind);
	v->hazard = hazard_name(notice->hazard);
	v->severity = severity_name(notice->severity);
	v->to = arena_str(&j->arena, address_of(s->channels->plan, person, s->id));
	v->text = rendered(j, n, false, false);
	v->marks = marks_of(j, v->text, notice->text);
	v->text = shortened(j, v->text);
	v->text_again = shortened(j, rendered(j, n, true, false));
	v->json = rendered(j, n, false, true);
	v->json_again = rendered(j, n, true, true);
	v->expiry_ms = notice->reply_by_ms < 0 ? 0 : left_ms > 1000 ? left_ms : 1000;
	v->is_life = hazard_is_life(notice->hazard) && !notice->drill;
	v->is_drill = notice->drill;
	digest_keep(j, n);
	j->item.is_life = v->is_life;
	j->item.is_only = is_last_way(s->channels->plan, person, s->id);
	j->item.until_ms = clock_steady_ms() + s->timeout_ms;
	LIST_INSERT_HEAD(&s->channels->jobs, j, entry);
	s->n_jobs++;
	return j;
}

/* -- what waits for a channel -- */

static void overdue(struct job *j)
{
	char why[200];

	snprintf(why, sizeof why, "did not leave within %lld ms%s%s", (long long)j->slot->timeout_ms,
	         *j->why ? ": " : "", j->why);
	job_end(j, OUTCOME_FAILED, why);
}

static void start_waiting(void *arg)
{
	struct slot *s = arg;
	struct queue_item *item;
	int64_t now_ms = clock_steady_ms(), wake_ms;

	if (s->is_retired && !s->n_jobs) {
		slot_free(s);
		return;
	}
	while ((item = queue_overdue(&s->queue, now_ms)))
		overdue(job_of(item));
	for (int n = 0; n < AT_ONCE_MAX && (item = queue_next(&s->queue, now_ms)); n++) {
		struct job *j = job_of(item);

		queue_gather(&s->queue, item, now_ms);
		j->is_active = true;
		j->view.wall_ms = clock_wall_ms();
		digest_view(j);
		s->api->send(s->instance, j, &j->sent);
	}
	wake_ms = queue_wake_ms(&s->queue, now_ms);
	if (wake_ms < INT64_MAX)
		loop_timer_in(s->pump, wake_ms - now_ms);
}

void channels_send(struct channels *c, const struct channel_notice *n)
{
	int person = plan_person(c->plan, n->notice->person);
	struct slot *s = find_slot(c, n->notice->channel);
	struct job *j;

	if (person < 0 || !s || !s->instance) {
		const char *why = person < 0 ? "the plan has no such person"
		                  : !s       ? "the plan has no such channel"
		                             : s->error;

		c->out.outcome(c->out.arg, &(struct channel_outcome){n->notice->id, n->notice->channel,
		                                                     OUTCOME_FAILED, why});
		return;
	}
	j = job_new(s, &c->plan->people[person], n);
	if (queue_add(&s->queue, &j->item))
		start_waiting(s);
	else
		job_end(j, OUTCOME_FAILED, "too many notices wait for this channel");
}

int channels_jobs(const struct channels *c)
{
	const struct job *j;
	int n = 0;

	LIST_FOREACH(j, &c->jobs, entry)
	n++;
	return n;
}

void channels_count(const struct channels *c, struct buf *out)
{
	const struct slot *s;

	json_open(out, "channels", '{');
	LIST_FOREACH(s, &c->slots, entry)
	{
		if (s->is_retired)
			continue;
		json_open(out, s->id, '{');
		json_str(out, "state",
		         !s->instance                  ? "unusable"
		         : s->n_failed >= FAILED_LIMIT ? "failing"
		                                       : "ok");
		json_int(out, "sent", s->count.n_sent);
		json_int(out, "failed", s->count.n_failed);
		json_int(out, "again", s->count.n_again);
		json_int(out, "waiting", s->n_jobs);
		json_close(out, '}');
	}
	json_close(out, '}');
}
