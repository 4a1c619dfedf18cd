/* daemon.c - turns: what came in becomes events, the engine steps, the turn
 * goes to the store, what is stored leaves. */
#include "daemon.h"

#include "archived.h"
#include "fault.h"
#include "log.h"
#include "perform.h"
#include "queries.h"
#include "rows.h"
#include "uplink.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_TURN = 1000 }; /* records */

const struct plan *daemon_plan(const struct daemon *d)
{
	return d->newest->plan;
}

/* -- batches -- */

struct batch *batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof *b);

	b->turn.arg = b;
	effects_init(&b->fx);
	records_init(&b->turn.records);
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	effects_fini(&b->fx);
	records_fini(&b->turn.records);
	free(b->turn.rows);
	free(b->left);
	free(b->marks);
	free(b->let_go);
	free(b);
}

static void batch_rows(struct batch *b)
{
	struct turn *t = &b->turn;

	t->rows = xcalloc((size_t)b->fx.n, sizeof *t->rows);
	t->n_rows = 0;
	for (int i = 0; i < b->fx.n; i++)
		if (b->fx.at[i].kind == EFFECT_AUDIT)
			t->rows[t->n_rows++].row = b->fx.at[i].row;
}

/* -- events -- */

void daemon_step(struct daemon *d, struct event *ev)
{
	ev->at_ms = clock_now(&d->clock);
	engine_step(d->engine, ev, &d->gathering->fx);
}

struct posted *daemon_post(struct daemon *d, enum event_kind kind)
{
	struct posted *p = xcalloc(1, sizeof *p);

	arena_init(&p->arena);
	p->event.kind = kind;
	*d->posted_end = p;
	d->posted_end = &p->next;
	daemon_soon(d);
	return p;
}

void daemon_fault(struct daemon *d, enum self self, bool over, const char *what)
{
	struct posted *p = daemon_post(d, EVENT_FAULT);

	p->event.fault.self = self;
	p->event.fault.over = over;
	p->event.fault.what = arena_str(&p->arena, what);
	if (!over)
		log_at(LOG_ERR, "%s: %s", self_title(self, LANG_EN), what);
}

void daemon_fault_once(struct daemon *d, enum self self, const char *what)
{
	daemon_fault(d, self, false, what);
	daemon_fault(d, self, true, what);
}

void daemon_soon(struct daemon *d)
{
	loop_timer_in(d->soon, 0);
}

static void step_posted(struct daemon *d)
{
	struct posted *p;

	while ((p = d->posted)) {
		d->posted = p->next;
		if (!d->posted)
			d->posted_end = &d->posted;
		daemon_step(d, &p->event);
		arena_fini(&p->arena);
		free(p);
	}
}

/* -- the store's answers -- */

void daemon_tell_store(struct daemon *d, enum store_state state)
{
	struct event ev = {.kind = EVENT_STORE, .store = state};

	if (state == d->store_state)
		return;
	d->store_state = state;
	/* A waiting callback lets nothing behind it in, and holds what commands need to leave. */
	inbox_refuse_waits(d->inbox, state != STORE_OK);
	daemon_step(d, &ev);
}

/* What gathered while it was late must be stored too: a callback would wait for all of that. */
static bool is_well(struct daemon *d, int64_t stored)
{
	if (d->store_state != STORE_OK && !d->well_from && d->gathering->turn.inbox_upto)
		d->well_from = d->last_turn + 1;
	if (stored < d->well_from)
		return false;
	d->well_from = 0;
	return true;
}

static void tell_marks(struct daemon *d, const struct batch *b)
{
	if (b->marked == d->newest)
		intake_told_marks(d->newest->intake, b->marks, b->n_marks);
}

static void on_committed(struct daemon *d, struct turn *turn)
{
	struct batch *b = turn->arg;
	bool was_large = turn->number == 1 || turn->records.n >= LARGE_TURN;

	d->flying = NULL;
	loop_timer_stop(d->late);
	for (int i = 0; i < turn->n_rows; i++)
		fault_crash("crash-committed", turn->rows[i].row.rec);
	tell_marks(d, b);
	inbox_stored(d->inbox, turn->inbox_upto);
	spill_stored(d->receive.spill, turn->inbox_upto);
	if (is_well(d, turn->number))
		daemon_tell_store(d, STORE_OK);
	perform_stored(d, b);
	archived_stored(d, b);
	batch_free(b);
	if (was_large) /* a start, a new plan or a storm leaves holes between what stays */
		malloc_trim(0);
}

static void take_store_answers(struct daemon *d)
{
	enum store_answer answer;
	struct turn *turn;
	struct err err = {0};

	while ((answer = store_take(d->store, &turn, &err)) != STORE_NOTHING) {
		if (*err.text)
			log_at(LOG_ERR, "store: %s", err.text);
		if (answer == STORE_REPLACED) {
			d->store_is_bare = true;
			reload_keep_plans(d);
			daemon_fault_once(d, SELF_STORE_SET_ASIDE, err.text);
		}
		if (answer == STORE_COMMITTED || answer == STORE_REPLACED)
			on_committed(d, turn);
		else if (answer == STORE_ERROR)
			daemon_tell_store(d, STORE_FAILING);
		else if (answer == STORE_FENCED)
			daemon_cut(d, err.text);
		err.text[0] = 0;
	}
	if (atomic_exchange(&d->receive.ran_out, false) && d->flying)
		daemon_tell_store(d, STORE_FAILING);
}

/* -- one turn -- */

/* After a break what everybody says is news, and a broker that was restarted
 * has forgotten what we keep there. */
static void follow_link(struct daemon *d, enum link link)
{
	if (link == d->link)
		return;
	d->link = link;
	intake_want(d->newest->intake, NULL);
	if (link != LINK_SYNCED)
		return;
	perform_info(d);
	if (d->head_seq)
		rows_publish_head(d);
}

static void step_item(struct daemon *d, const struct inbox_item *item)
{
	struct event ev = {0};

	switch (item->kind) {
	case INBOX_MESSAGE:
		messages_step(d, item);
		return;
	case INBOX_NOTICE:
		ev.kind = EVENT_NOTICE;
		ev.notice.id = item->notice.id;
		ev.notice.outcome = item->notice.outcome;
		ev.notice.why = item->notice.why;
		break;
	case INBOX_ACTUATED:
		ev.kind = EVENT_ACTUATED;
		ev.actuated.id = item->actuated.id;
		ev.actuated.outcome = item->actuated.outcome;
		break;
	case INBOX_PUBLISHED:
		perform_published(d, item->published.token, item->published.ok, item->published.why);
		return;
	case INBOX_LINK:
		follow_link(d, item->link);
		ev.kind = EVENT_LINK;
		ev.link = item->link;
		break;
	case INBOX_STORE:
		take_store_answers(d);
		return;
	case INBOX_FAULT:
		ev.kind = EVENT_FAULT;
		ev.fault.self = item->fault.self;
		ev.fault.over = item->fault.over;
		ev.fault.what = item->fault.what;
		if (!item->fault.over)
			log_at(LOG_ERR, "%s: %s", self_title(item->fault.self, LANG_EN), item->fault.what);
		break;
	}
	daemon_step(d, &ev);
}

static void step_inbox(struct daemon *d)
{
	struct inbox_item *item = inbox_take(d->inbox), *next;

	for (; item; item = next) {
		next = item->next;
		step_item(d, item);
		d->gathering->turn.inbox_upto = item->number;
		inbox_item_free(item);
	}
}

/* Nothing to be stored: its effects leave, its callbacks are let go. */
static void finish_unstored(struct daemon *d, struct batch *b)
{
	d->gathering = batch_new();
	if (b->turn.inbox_upto)
		inbox_stored(d->inbox, b->turn.inbox_upto);
	tell_marks(d, b);
	if (d->well_from && is_well(d, d->well_from))
		daemon_tell_store(d, STORE_OK);
	perform_stored(d, b);
	batch_free(b);
}

static int64_t late_after_ms(void)
{
	return fault_ms("store-late-ms", STORE_LATE_MS);
}

static void save(struct daemon *d, struct records *ret)
{
	struct records all;

	engine_save(d->engine, ret);
	if (!d->store_is_bare)
		return;
	records_init(&all);
	engine_save_all(d->engine, &all);
	for (int i = 0; i < all.n; i++)
		records_put(ret, all.at[i].key, all.at[i].value);
	records_fini(&all);
	d->store_is_bare = false;
}

static void submit(struct daemon *d)
{
	struct batch *b = d->gathering;
	int64_t ids = engine_ids_reserved(d->engine);

	if (d->flying || d->role != ROLE_LEADING)
		return;
	save(d, &b->turn.records);
	batch_rows(b);
	if (!b->turn.n_rows && !b->turn.records.n) {
		finish_unstored(d, b);
		return;
	}
	b->turn.number = ++d->last_turn;
	if (b->turn.inbox_upto)
		d->taken_upto = b->turn.inbox_upto;
	b->turn.taken = (struct taken){engine_epoch(d->engine), d->taken_upto};
	b->turn.ids_reserved = ids != d->ids_reserved ? ids : 0;
	d->ids_reserved = ids;
	d->flying = b;
	d->gathering = batch_new();
	loop_timer_in(d->late, late_after_ms());
	store_submit(d->store, &b->turn);
}

/* What leaves unrecorded must not be given again by the next start. */
static void keep_given(struct daemon *d)
{
	const struct spill_given given = {engine_ids_reserved(d->engine), engine_epoch(d->engine)};

	if (GUARD(given_kept))
		spill_keep_given(d->receive.spill, given);
}

static void arm(struct daemon *d)
{
	int64_t due_ms = engine_next_due(d->engine);

	if (due_ms == INT64_MAX)
		loop_timer_stop(d->due);
	else
		loop_timer_in(d->due, due_ms - clock_now(&d->clock));
}

/* All is stored. First the broker's client says good-bye, while the loop goes
 * on: a message that arrives meanwhile is still stored before it is
 * acknowledged, and a callback that waits holds what the client needs. */
static void go_on_stopping(struct daemon *d)
{
	if (!d->is_hanging_up)
		uplink_hang_up(d);
	else if (atomic_load(&d->has_hung_up))
		loop_stop(d->loop);
}

struct spoke {
	struct daemon *d;
	struct arena arena;
	struct reading *at;
	int n, cap;
};

static void ask_intake(void *arg, const char *sensor, int def)
{
	struct spoke *s = arg;
	int64_t seen_ms = intake_seen(s->d->newest->intake, sensor);

	if (seen_ms < 0)
		return;
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 16;
		s->at = xrealloc(s->at, (size_t)s->cap * sizeof *s->at);
	}
	s->at[s->n++] = (struct reading){.kind = READING_SEEN,
	                                 .sensor = arena_str(&s->arena, sensor),
	                                 .def = def,
	                                 .zone = -1,
	                                 .word = "",
	                                 .text = "",
	                                 .ago_ms = clock_steady_ms() - seen_ms};
}

/* Before silence is believed: messages that were no news did arrive. */
static void step_seen(struct daemon *d)
{
	struct spoke s = {.d = d};

	arena_init(&s.arena);
	engine_silent_by(d->engine, clock_now(&d->clock), ask_intake, &s);
	for (int i = 0; i < s.n; i++) {
		struct event ev = {.kind = EVENT_READING, .reading = s.at[i]};

		daemon_step(d, &ev);
	}
	free(s.at);
	arena_fini(&s.arena);
}

/* What the store waits for at the disk the loop would wait for, too, and with it all calling. While all is
 * well that is never long; once it was late, or failed, the next try may hang. */
static bool may_hang(const struct daemon *d)
{
	return store_at_disk_ms(d->store) >= (d->store_state == STORE_OK ? late_after_ms() : 0);
}

/* Each part is short where the disk answers. */
static void read_log(struct daemon *d)
{
	if (GUARD(silent_store) && may_hang(d))
		return;
	if (d->resends)
		rows_resend(d);
	queries_go_on(d);
}

void daemon_turn(struct daemon *d)
{
	struct event time = {.kind = EVENT_TIME};

	if (d->role == ROLE_CUT)
		return;
	step_inbox(d);
	step_posted(d);
	if (GUARD(seen))
		step_seen(d);
	daemon_step(d, &time);
	engine_order(d->engine, &d->gathering->fx, d->gathering->n_looked);
	keep_given(d);
	perform_recall(d);
	if (d->store_state != STORE_OK) {
		if (d->flying)
			perform_urgent(d, d->flying);
		perform_urgent(d, d->gathering);
	}
	submit(d);
	read_log(d);
	arm(d);
	if (d->is_stopping && daemon_is_idle(d))
		go_on_stopping(d);
}

/* -- the end -- */

bool daemon_is_idle(const struct daemon *d)
{
	return !d->flying && !d->posted && !inbox_count(d->inbox) && !d->gathering->fx.n;
}

void daemon_stop(struct daemon *d)
{
	if (d->is_stopping)
		return;
	d->is_stopping = true;
	daemon_post(d, EVENT_STOPPING);
}

void daemon_cut(struct daemon *d, const char *why)
{
	log_at(LOG_CRIT, "stopping at once, nothing leaves any more: %s", why);
	d->role = ROLE_CUT;
	d->exit_status = EXIT_BUG;
	loop_stop(d->loop);
}
