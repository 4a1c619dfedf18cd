/* flood.c - counts the notices of each person, holds what is too much, and sends
 * it together. What is held is saved: a summary follows also after a restart. */
#include "engine/flood.h"

#include "engine/hold.h"
#include "engine/life.h"
#include "engine/save.h"

#include <stdlib.h>
#include <string.h>

/* -- people -- */

static struct flood *find(const struct engine *e, const char *person)
{
	for (int i = 0; i < e->n_floods; i++)
		if (!strcmp(e->floods[i]->person, person))
			return e->floods[i];
	return NULL;
}

static struct flood *add(struct engine *e, const char *person)
{
	struct flood *f = xcalloc(1, sizeof *f);
	struct buf key = {0};

	buf_printf(&key, "f/%s", person);
	f->key = buf_steal(&key);
	f->person = xstrdup(person);
	deadline_init(&f->due, DEADLINE_FLOOD, f, f->key, 0);
	e->floods = xrealloc(e->floods, (size_t)(e->n_floods + 1) * sizeof(struct flood *));
	e->floods[e->n_floods++] = f;
	return f;
}

static void flood_free(struct flood *f)
{
	free(f->held);
	free(f->person);
	free(f->key);
	free(f);
}

static void forget(struct engine *e, struct flood *f)
{
	int i = 0;

	while (e->floods[i] != f)
		i++;
	deadline_clear(&e->heap, &f->due);
	records_put(&e->gone, f->key, NULL);
	e->floods[i] = e->floods[--e->n_floods];
	flood_free(f);
}

void floods_free(struct engine *e)
{
	for (int i = 0; i < e->n_floods; i++)
		flood_free(e->floods[i]);
	free(e->floods);
}

bool flood_is_on(const struct engine *e)
{
	for (int i = 0; i < e->n_floods; i++)
		if (e->floods[i]->is_on)
			return true;
	return false;
}

/* -- counting -- */

static void count(struct flood *f, int64_t now_ms, int64_t incident)
{
	if (f->n == FLOOD_NOTICES + 1) {
		f->n--;
		memmove(f->at_ms, f->at_ms + 1, FLOOD_NOTICES * sizeof *f->at_ms);
		memmove(f->of, f->of + 1, FLOOD_NOTICES * sizeof *f->of);
	}
	f->at_ms[f->n] = now_ms;
	f->of[f->n++] = incident;
	f->dirty = true;
}

static bool is_too_much(const struct flood *f, int64_t now_ms)
{
	return f->n == FLOOD_NOTICES + 1 && now_ms - f->at_ms[0] <= FLOOD_MS;
}

/* The tasks and calls of a single incident are no flood, however many. */
static bool is_of_one(const struct flood *f)
{
	for (int i = 1; i < f->n; i++)
		if (f->of[i] != f->of[0])
			return false;
	return true;
}

void floods_shift(struct engine *e, int64_t by_ms)
{
	for (int i = 0; i < e->n_floods; i++)
		for (int k = 0; k < e->floods[i]->n; k++)
			e->floods[i]->at_ms[k] += by_ms;
}

/* -- begin, hold, end -- */

static void again_in(struct engine *e, struct flood *f, int64_t in_ms)
{
	deadline_set(&e->heap, &f->due, e->now_ms + in_ms);
	f->dirty = true;
}

static void begin(struct engine *e, struct flood *f)
{
	struct buf *b = row_begin(e);

	json_str(b, "flood", "began");
	json_str(b, "person", f->person);
	json_int(b, "notices", f->n);
	json_int(b, "within_s", (e->now_ms - f->at_ms[0]) / 1000);
	row_end(e, AUDIT_NOTICE, NULL, "system", 0);
	f->is_on = true;
	f->n_all = f->n_summaries = 0;
	again_in(e, f, FLOOD_FIRST_MS);
}

static void end(struct engine *e, struct flood *f)
{
	struct buf *b = row_begin(e);

	json_str(b, "flood", "ended");
	json_str(b, "person", f->person);
	json_int(b, "held", f->n_all);
	json_int(b, "summaries", f->n_summaries);
	row_end(e, AUDIT_NOTICE, NULL, "system", 0);
	forget(e, f);
}

static struct held *hold(struct flood *f, int64_t incident)
{
	int at = 0;

	f->n_all++;
	f->dirty = true;
	while (at < f->n_held && f->held[at].incident < incident)
		at++;
	if (at < f->n_held && f->held[at].incident == incident) {
		f->held[at].n++;
		return &f->held[at];
	}
	if (f->n_held == f->cap_held) {
		f->cap_held = f->cap_held ? 2 * f->cap_held : 16;
		f->held = xrealloc(f->held, (size_t)f->cap_held * sizeof *f->held);
	}
	memmove(f->held + at + 1, f->held + at, (size_t)(f->n_held - at) * sizeof *f->held);
	f->held[at] = (struct held){.incident = incident, .n = 1, .step = -1};
	f->n_held++;
	return &f->held[at];
}

/* When somebody else is called for it, or for its task. */
static int64_t answer_by(const struct to_send *s)
{
	const struct step_run *step = s->step ? &s->inc->steps[s->step - s->inc->playbook->steps] : NULL;
	int64_t at_ms = s->inc->due.pos ? s->inc->due.at_ms : INT64_MAX;

	return step && step->due.pos && step->due.at_ms < at_ms ? step->due.at_ms : at_ms;
}

/* Who was told nothing of it yet hears of it in a third of the time there is to answer. */
static void hurry(struct engine *e, struct flood *f, const struct to_send *s)
{
	int64_t wait_ms = (answer_by(s) - e->now_ms) / 3;

	if (!delivery_has(s->inc, f->person) && e->now_ms + wait_ms < f->due.at_ms)
		again_in(e, f, wait_ms > 1 ? wait_ms : 1);
}

static bool holds(const struct flood *f, int64_t incident)
{
	for (int i = 0; i < f->n_held; i++)
		if (f->held[i].incident == incident)
			return true;
	return false;
}

bool flood_waits(const struct engine *e, const char *person, int64_t incident)
{
	const struct flood *f = find(e, person);

	return f && holds(f, incident);
}

/* Others are called by another time now: who waits for it since an earlier call hears of it in a third of that. */
void flood_sooner(struct engine *e, const struct incident *inc)
{
	int64_t wait_ms = (inc->due.at_ms - e->now_ms) / 3;

	for (int i = 0; inc->due.pos && i < e->n_floods; i++) {
		struct flood *f = e->floods[i];

		if (f->is_on && holds(f, inc->number) && !delivery_has(inc, f->person) && e->now_ms + wait_ms < f->due.at_ms)
			again_in(e, f, wait_ms > 1 ? wait_ms : 1);
	}
}

/* That the store fails must leave though nothing is stored: a summary would not. Who is called for help on what
 * another has would read in one that it is acked. */
static bool is_single(const struct engine *e, const struct to_send *s)
{
	return hazard_is_life(step_hazard(s->inc, s->step)) || (s->kind == NOTICE_CALL && s->words) ||
	       (s->inc->hazard == HAZARD_SYSTEM && e->store != STORE_OK);
}

bool flood_holds(struct engine *e, const struct to_send *s)
{
	const char *person = e->plan->people[s->person].id;
	struct flood *f;
	struct held *h;

	if (!s->inc || s->inc->drill) /* an exercise neither counts nor waits: what is real must be told */
		return false;
	f = find(e, person);
	if (!f)
		f = add(e, person);
	count(f, e->now_ms, s->inc->number);
	if (!f->is_on)
		again_in(e, f, FLOOD_MS + 1); /* forgotten when nothing more comes */
	if (is_single(e, s))
		return false;
	if (!f->is_on && is_too_much(f, e->now_ms) && !is_of_one(f))
		begin(e, f);
	if (!f->is_on)
		return false;
	h = hold(f, s->inc->number);
	h->kind = s->kind;
	h->level = s->level;
	h->step = s->step && s->inc->playbook ? (int)(s->step - s->inc->playbook->steps) : -1;
	hurry(e, f, s);
	return true;
}

/* -- the summary -- */

/* The row says what was held, of which incident how often: nothing is lost of it. */
static int64_t summary_row(struct engine *e, const struct flood *f, struct buf *ret_covers)
{
	struct buf *b = row_begin(e);
	int n = 0;

	for (int i = 0; i < f->n_held; i++)
		n += f->held[i].n;
	json_str(b, "kind", notice_kind_name(NOTICE_SUMMARY));
	json_str(b, "person", f->person);
	json_int(b, "held", n);
	json_open(b, "of", '{');
	for (int i = 0; i < f->n_held; i++) {
		const struct incident *inc = incident_find(e, f->held[i].incident);

		if (!inc)
			continue;
		json_int(b, inc->id, f->held[i].n);
		buf_printf(ret_covers, "%s%lld", ret_covers->len ? " " : "", (long long)inc->number);
	}
	json_close(b, '}');
	return row_end(e, AUDIT_NOTICE, NULL, "system", 0);
}

static void send_summary(struct engine *e, struct flood *f, int person)
{
	struct buf covers = {0}, words = {0};
	struct to_send s = {.kind = NOTICE_SUMMARY, .person = person, .channel = -1};

	flood_words(e, f, e->plan->people[person].language, &words);
	s.cause = summary_row(e, f, &covers);
	s.words = buf_text(&words);
	outbox_summary(e, &s, flood_severity(e, f), buf_text(&covers));
	f->n_summaries++;
	f->n_held = 0;
	buf_fini(&covers);
	buf_fini(&words);
}

/* Of one alone there is nothing to sum up: it says more itself. */
static bool send_single(struct engine *e, struct flood *f, int person)
{
	struct held h = f->held[0];
	struct to_send s = {.kind = h.kind, .person = person, .level = h.level, .channel = -1};
	struct buf *b;

	s.inc = incident_find(e, h.incident);
	if (f->n_held > 1 || h.n > 1 || !s.inc || notices_held(s.inc))
		return false;
	if (h.step >= 0 && h.step < s.inc->n_steps)
		s.step = &s.inc->playbook->steps[h.step];
	if (h.kind == NOTICE_CALL && !incident_wants_ack(s.inc)) { /* somebody has it meanwhile: what is left is the task */
		if (!s.step || s.inc->steps[h.step].state != STEP_OPEN || s.inc->state == STATE_CLOSED)
			return false;
		s.kind = NOTICE_TASK;
	}
	if (h.kind == NOTICE_TELL && !s.step) /* its words are not kept */
		return false;
	if (h.kind == NOTICE_TELL && s.step)
		s.words = s.step->text.in[e->plan->people[person].language];
	f->n_held = 0;
	b = row_begin(e);
	json_str(b, "kind", notice_kind_name(s.kind));
	json_str(b, "person", f->person);
	s.cause = row_end(e, AUDIT_NOTICE, s.inc, "system", 0);
	outbox_send_held(e, &s);
	return true;
}

void flood_due(struct engine *e, struct flood *f)
{
	int person = plan_person(e->plan, f->person);

	if (!f->is_on) {
		forget(e, f);
	} else if (person >= 0 && f->n_held) {
		if (!send_single(e, f, person))
			send_summary(e, f, person);
		again_in(e, f, FLOOD_EVERY_MS);
	} else if (person >= 0 && is_too_much(f, e->now_ms)) {
		again_in(e, f, FLOOD_EVERY_MS);
	} else {
		end(e, f);
	}
}

/* -- records -- */

static void save(const struct flood *f, struct buf *b)
{
	record_tag(b, "f");
	record_int(b, f->is_on);
	record_int(b, f->n_all);
	record_int(b, f->n_summaries);
	save_deadline(b, &f->due);
	for (int i = 0; i < f->n; i++) {
		record_tag(b, "n");
		record_int(b, f->at_ms[i]);
		record_int(b, f->of[i]);
	}
	for (int i = 0; i < f->n_held; i++) {
		record_tag(b, "h");
		record_int(b, f->held[i].incident);
		record_int(b, f->held[i].n);
		record_int(b, f->held[i].kind);
		record_int(b, f->held[i].level);
		record_int(b, f->held[i].step);
	}
}

void floods_save(struct engine *e, struct records *ret, bool all)
{
	struct buf b = {0};

	for (int i = 0; i < e->n_floods; i++) {
		if (!all && !e->floods[i]->dirty)
			continue;
		save(e->floods[i], &b);
		records_put(ret, e->floods[i]->key, buf_text(&b));
		buf_clear(&b);
	}
	buf_fini(&b);
}

void floods_set_dirty(struct engine *e, bool dirty)
{
	for (int i = 0; i < e->n_floods; i++)
		e->floods[i]->dirty = dirty;
}

static void restore_held(struct flood *f, struct record_reader *r)
{
	struct held *h = hold(f, record_read_number(r));

	f->n_all--; /* counted before */
	h->n = record_read_count(r);
	h->kind = restore_bounded(r, record_read_int(r), NOTICE_COUNT);
	h->level = record_read_count(r);
	h->step = record_read_place(r);
}

/* The reader stands behind the first tag. */
int flood_restore(struct engine *e, const char *key, struct record_reader *r)
{
	struct flood *f;
	char tag[RECORD_TAG_BYTES];

	if (find(e, key + 2))
		return -1;
	f = add(e, key + 2);
	f->is_on = record_read_int(r) != 0;
	f->n_all = record_read_count(r);
	f->n_summaries = record_read_count(r);
	restore_deadline(e, r, &f->due);
	while (record_line(r, tag)) {
		if (!strcmp(tag, "n")) {
			int64_t at_ms = record_read_ms(r);

			count(f, at_ms, record_read_number(r));
		} else if (!strcmp(tag, "h")) {
			restore_held(f, r);
		}
	}
	if (!f->due.pos) /* a damaged record must not hold for ever */
		again_in(e, f, FLOOD_FIRST_MS);
	f->dirty = false;
	return r->bad ? -1 : 0;
}
