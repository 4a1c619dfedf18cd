#include "channels.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"
#include "log.h"
#include "plugin.h"
#include "runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { FAILED_LIMIT = 3 };

static const struct plugin_api *const plugins[] = {&plugin_page, &plugin_journal, &plugin_exec};

/* A channel that is open; not of the present plan: ends with its last job. */
struct slot {
	LIST_ENTRY(slot) entry;
	struct channels *channels;
	const char *id; /* owned */
	const struct plugin_api *api;
	void *instance; /* NULL: could not be opened */
	const char *error;
	bool is_retired;
	int n_jobs;
	int n_failed; /* in a row */
	char why[120];
	struct plugin_host host;
};

/* Somebody notices went to, by any channel. */
struct reached {
	LIST_ENTRY(reached) entry;
	char *person;
	int n_failed; /* in a row */
};

struct job {
	LIST_ENTRY(job) entry;
	struct slot *slot;
	struct arena arena;
	int64_t number;
	const char *notice;
	struct plugin_job view;
	int n_publishes; /* not yet answered */
	bool has_failed;
	char why[160];
};

struct channels {
	struct loop *loop;
	struct channels_out out;
	const struct plan *plan;
	struct runner *runner;
	LIST_HEAD(, slot) slots;
	LIST_HEAD(, job) jobs;
	LIST_HEAD(, reached) people;
	int64_t last_job;
};

/* -- slots -- */

static void slot_free(struct slot *s)
{
	LIST_REMOVE(s, entry);
	if (s->instance)
		s->api->close(s->instance);
	free((char *)s->id);
	free(s);
}

static void slot_settle(struct slot *s)
{
	if (s->is_retired && !s->n_jobs)
		slot_free(s);
}

static const struct plugin_api *find_plugin(const char *name)
{
	for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
		if (plugins[i]->abi == TOCSIN_PLUGIN_ABI && plugins[i]->size == sizeof *plugins[i] &&
		    !strcmp(plugins[i]->name, name))
			return plugins[i];
	return NULL;
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
		buf_printf(&out, "%s%s is not reached: the last %d notices failed", out.len ? "; " : "", r->person,
		           r->n_failed);
	snprintf(ret, cap, "%.*s", (int)utf8_cut(buf_text(&out), cap - 1), buf_text(&out));
	buf_fini(&out);
}

/* -- jobs: the end -- */

static void job_end(struct job *j, enum outcome outcome, const char *why)
{
	struct slot *s = j->slot;

	LIST_REMOVE(j, entry);
	s->n_jobs--;
	count(&s->n_failed, outcome);
	count(&reached_of(s->channels, j->view.person)->n_failed, outcome);
	snprintf(s->why, sizeof s->why, "%.*s", (int)utf8_cut(why ? why : "", sizeof s->why - 1), why ? why : "");
	s->channels->out.outcome(s->channels->out.arg, j->notice, outcome, why);
	arena_fini(&j->arena);
	free(j);
	slot_settle(s);
}

static void on_spawned(void *arg, void *job, enum runner_end end, const char *why)
{
	(void)arg;
	job_end(job, end == RUNNER_OK ? OUTCOME_SENT : OUTCOME_FAILED, why);
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
		job_end(j, j->has_failed ? OUTCOME_FAILED : OUTCOME_SENT, j->has_failed ? j->why : NULL);
}

/* -- what a plugin may call -- */

static void host_log(void *host, int priority, const char *text)
{
	const struct slot *s = host;

	log_at(priority, "channel %s: %s", s->id, text);
}

static void host_done(void *host, void *job, enum plugin_outcome outcome, const char *why)
{
	static const enum outcome outcomes[] = {[PLUGIN_SENT] = OUTCOME_SENT,
	                                        [PLUGIN_DELIVERED] = OUTCOME_DELIVERED,
	                                        [PLUGIN_FAILED] = OUTCOME_FAILED};

	(void)host;
	job_end(job, outcomes[outcome], why);
}

static void host_publish(void *host, void *job, const char *topic, const char *payload,
                         const char *payload_again, int64_t expiry_ms, int is_life)
{
	struct slot *s = host;
	struct job *j = job;
	struct channel_publish p = {.topic = topic,
	                            .payload = payload,
	                            .payload_again = payload_again,
	                            .expiry_ms = expiry_ms,
	                            .is_life = is_life};

	if (j) {
		p.token = j->number * 2 + 1;
		j->n_publishes++;
	}
	s->channels->out.publish(s->channels->out.arg, &p);
}

static int host_journal(void *host, const char *const *fields)
{
	(void)host;
	return log_fields(fields);
}

static void host_spawn(void *host, void *job, const char *const *argv, const char *input, int64_t timeout_ms)
{
	struct slot *s = host;
	const struct job *j = job;
	const struct runner_order order = {.job = job,
	                                   .channel = s->id,
	                                   .person = j->view.person,
	                                   .is_life = j->view.is_life,
	                                   .argv = argv,
	                                   .input = input,
	                                   .timeout_ms = timeout_ms};

	runner_run(s->channels->runner, &order);
}

/* -- opening -- */

static void open_slot(struct channels *c, const struct channel *def)
{
	struct slot *s = xcalloc(1, sizeof *s);
	const char *argv[65] = {NULL};

	*s = (struct slot){.channels = c, .id = xstrdup(def->id), .api = find_plugin(def->plugin)};
	s->host = (struct plugin_host){.size = sizeof s->host,
	                               .host = s,
	                               .log = host_log,
	                               .done = host_done,
	                               .publish = host_publish,
	                               .journal = host_journal,
	                               .spawn = host_spawn};
	for (int i = 0; i < def->argv.n && i < 64; i++)
		argv[i] = def->argv.at[i];
	LIST_INSERT_HEAD(&c->slots, s, entry);
	s->error = "no such plugin";
	if (s->api)
		s->instance = s->api->open(&s->host, argv, def->timeout_ms, &s->error);
	if (!s->instance)
		log_at(LOG_ERR, "channel %s (plugin %s) cannot be used: %s", def->id, def->plugin, s->error);
}

void channels_use(struct channels *c, const struct plan *plan)
{
	struct slot *s, *next;

	for (s = LIST_FIRST(&c->slots); s; s = next) {
		next = LIST_NEXT(s, entry);
		s->is_retired = true;
		slot_settle(s);
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

static void fill_person(struct plugin_job *v, struct arena *a, const struct person *p)
{
	v->person = arena_str(a, p->id);
	v->name = arena_str(a, p->name ? p->name : p->id);
	v->phone = arena_str(a, p->phone);
	v->mail = arena_str(a, p->mail);
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
	fill_person(v, &j->arena, person);
	v->language = lang_name(notice->lang);
	v->incident = arena_str(&j->arena, notice->incident);
	v->kind = notice_kind_name(notice->kind);
	v->hazard = hazard_name(notice->hazard);
	v->severity = severity_name(notice->severity);
	v->text = rendered(j, n, false, false);
	v->text_again = rendered(j, n, true, false);
	v->json = rendered(j, n, false, true);
	v->json_again = rendered(j, n, true, true);
	v->expiry_ms = notice->reply_by_ms < 0 ? 0 : left_ms > 1000 ? left_ms : 1000;
	v->is_life = hazard_is_life(notice->hazard) && !notice->drill;
	LIST_INSERT_HEAD(&s->channels->jobs, j, entry);
	s->n_jobs++;
	return j;
}

void channels_send(struct channels *c, const struct channel_notice *n)
{
	int person = plan_person(c->plan, n->notice->person);
	struct slot *s = find_slot(c, n->notice->channel);
	struct job *j;

	if (person < 0 || !s || !s->instance) {
		c->out.outcome(c->out.arg, n->notice->id, OUTCOME_FAILED,
		               person < 0 ? "the plan has no such person"
		               : !s       ? "the plan has no such channel"
		                          : s->error);
		return;
	}
	j = job_new(s, &c->plan->people[person], n);
	s->api->send(s->instance, j, &j->view);
}

int channels_jobs(const struct channels *c)
{
	const struct job *j;
	int n = 0;

	LIST_FOREACH(j, &c->jobs, entry)
	n++;
	return n;
}
