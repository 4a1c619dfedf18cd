/* lanes.c - the lanes of the sender: order of gravity, turns between topics,
 * latest-wins topics, bounded outstanding, one answer per token. */
#include "lanes.h"

#include "base/arena.h"
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct lane_topic {
	struct lane_item *waiting; /* the newest */
	bool is_out;
	int64_t next_at_ms;
	UT_hash_handle hh;
	char name[];
};

/* The items of one topic in a lane of people: the first of each topic goes before the second of any. */
struct lane_turn {
	int n;
	int64_t last_round;
	UT_hash_handle hh;
	char name[];
};

void lanes_init(struct lanes *l)
{
	memset(l, 0, sizeof(*l));
	l->answers_end = &l->answers;
}

static void free_items(struct lane_item *list)
{
	struct lane_item *item, *next;

	DL_FOREACH_SAFE(list, item, next)
	free(item);
}

void lanes_fini(struct lanes *l)
{
	struct lane_answer *a, *next_answer;
	struct lane_topic *t, *next;
	struct lane_turn *turn, *next_turn;

	for (int i = 0; i < LANE_STATE; i++)
		HASH_ITER(hh, l->turns[i], turn, next_turn)
		{
			HASH_DEL(l->turns[i], turn);
			free(turn);
		}
	for (int i = 0; i < LANE_COUNT; i++)
		free_items(l->waiting[i]);
	free_items(l->out);
	HASH_ITER(hh, l->topics, t, next)
	{
		HASH_DEL(l->topics, t);
		free(t);
	}
	LL_FOREACH_SAFE(l->answers, a, next_answer)
	free(a);
	lanes_init(l);
}

static char *copy_bytes(char **at, const char *bytes, size_t len)
{
	char *copy = *at;

	if (len > 0)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	*at += len + 1;
	return copy;
}

/* One block holds the item and its strings. */
static struct lane_item *new_item(const struct outgoing *o, int64_t now_ms)
{
	size_t topic_len = strlen(o->topic);
	struct lane_item *item = xcalloc(1, sizeof(*item) + topic_len + o->len + o->correlation_len + 3);
	char *at = (char *)(item + 1);

	item->o = *o;
	item->put_at_ms = now_ms;
	item->o.topic = copy_bytes(&at, o->topic, topic_len);
	item->o.payload = copy_bytes(&at, o->payload, o->len);
	if (o->correlation)
		item->o.correlation = copy_bytes(&at, o->correlation, o->correlation_len);
	item->o.repeat_payload = NULL;
	return item;
}

static void answer_token(struct lanes *l, int64_t token, bool ok, const char *why)
{
	struct lane_answer *a;

	if (token == 0)
		return;
	a = xcalloc(1, sizeof(*a));
	a->token = token;
	a->ok = ok;
	snprintf(a->why, sizeof(a->why), "%s", why ? why : "");
	*l->answers_end = a;
	l->answers_end = &a->next;
}

struct lane_answer *lanes_take_answers(struct lanes *l)
{
	struct lane_answer *list = l->answers;

	l->answers = NULL;
	l->answers_end = &l->answers;
	return list;
}

static struct lane_topic *topic_of(struct lanes *l, const char *name)
{
	struct lane_topic *t;
	size_t len = strlen(name);

	HASH_FIND(hh, l->topics, name, len, t);
	if (!t) {
		t = xcalloc(1, sizeof(*t) + len + 1);
		memcpy(t->name, name, len + 1);
		HASH_ADD_KEYPTR(hh, l->topics, t->name, len, t);
	}
	return t;
}

static void forget_idle_topics(struct lanes *l, int64_t now_ms)
{
	struct lane_topic *t, *next;

	HASH_ITER(hh, l->topics, t, next)
	{
		if (t->waiting || t->is_out || t->next_at_ms > now_ms)
			continue;
		HASH_DEL(l->topics, t);
		free(t);
	}
}

static struct lane_turn *find_turn(const struct lanes *l, enum lane lane, const char *topic)
{
	struct lane_turn *t = NULL;

	if (lane < LANE_STATE)
		HASH_FIND(hh, l->turns[lane], topic, strlen(topic), t);
	return t;
}

static void take_turn(struct lanes *l, struct lane_item *item)
{
	enum lane lane = item->o.lane;
	struct lane_turn *t = find_turn(l, lane, item->o.topic);
	size_t len = strlen(item->o.topic);

	if (!t) {
		t = xcalloc(1, sizeof(*t) + len + 1);
		memcpy(t->name, item->o.topic, len + 1);
		t->last_round = l->round[lane];
		HASH_ADD_KEYPTR(hh, l->turns[lane], t->name, len, t);
	}
	t->n++;
	if (++t->last_round <= l->round[lane])
		t->last_round = l->round[lane] + 1;
	item->turn = t;
	item->round = t->last_round;
}

static void leave_turn(struct lanes *l, struct lane_item *item)
{
	struct lane_turn *t = item->turn;

	item->turn = NULL;
	if (!t || --t->n > 0)
		return;
	HASH_DEL(l->turns[item->o.lane], t);
	free(t);
}

/* Behind all of its round. */
static void insert(struct lanes *l, struct lane_item *item)
{
	struct lane_item **list = &l->waiting[item->o.lane], *after = *list ? (*list)->prev : NULL;

	while (after && after->round > item->round)
		after = after == *list ? NULL : after->prev;
	if (after)
		DL_APPEND_ELEM(*list, after, item);
	else
		DL_PREPEND(*list, item);
}

static void enqueue(struct lanes *l, struct lane_item *item)
{
	enum lane lane = item->o.lane;

	if (lane < LANE_STATE)
		take_turn(l, item);
	insert(l, item);
	l->n_waiting[lane]++;
	l->n_commands += item->o.needs_sync;
	if (item->topic)
		item->topic->waiting = item;
}

static void dequeue(struct lanes *l, struct lane_item *item)
{
	enum lane lane = item->o.lane;

	DL_DELETE(l->waiting[lane], item);
	l->n_waiting[lane]--;
	l->n_commands -= item->o.needs_sync;
	leave_turn(l, item);
	if (item->topic)
		item->topic->waiting = NULL;
}

/* An item that waits leaves unsent. */
static void give_up(struct lanes *l, struct lane_item *item, const char *why)
{
	dequeue(l, item);
	if (item->o.token == 0 && !item->topic)
		l->dropped++;
	answer_token(l, item->o.token, false, why);
	free(item);
}

/* The newer one keeps the place in the lane, else a busy topic would never get to its front. */
static void take_place(struct lanes *l, struct lane_item *old, struct lane_item *item)
{
	struct lane_topic *topic = item->topic;

	item->o.lane = old->o.lane;
	item->round = old->round;
	item->turn = old->turn;
	if (item->turn)
		item->turn->n++;
	DL_PREPEND_ELEM(l->waiting[item->o.lane], old, item);
	l->n_waiting[item->o.lane]++;
	l->n_commands += item->o.needs_sync;
	give_up(l, old, "a newer one has taken its place");
	topic->waiting = item;
}

void lanes_put(struct lanes *l, const struct outgoing *o, const struct lane_link *link, int64_t now_ms)
{
	bool is_coming = link->is_up || link->is_connected;
	const struct lane_turn *turn = find_turn(l, o->lane, o->topic);
	struct lane_item *item;

	if (o->needs_sync && !(link->is_up && link->is_synced)) {
		answer_token(l, o->token, false, "not synchronised with the broker");
		return;
	}
	if (!is_coming && !o->latest_wins) {
		l->dropped += o->token == 0;
		answer_token(l, o->token, false, "no link to the broker");
		return;
	}
	if (turn && turn->n >= LANES_TOPIC_MAX && !o->latest_wins) {
		l->dropped += o->token == 0;
		answer_token(l, o->token, false, "too many messages wait for this topic");
		return;
	}
	item = new_item(o, now_ms);
	if (!is_coming) {
		answer_token(l, item->o.token, false, "no link to the broker");
		item->o.token = 0;
	}
	if (o->latest_wins)
		item->topic = topic_of(l, o->topic);
	if (item->topic && item->topic->waiting)
		take_place(l, item->topic->waiting, item);
	else
		enqueue(l, item);
	if (l->n_waiting[LANE_STREAM] > LANES_STREAM_MAX)
		give_up(l, l->waiting[LANE_STREAM], "too many messages wait");
}

static int64_t due_at(const struct lane_item *item)
{
	return item->topic ? item->topic->next_at_ms : item->put_at_ms;
}

/* Why it can never go, or NULL. */
static const char *hopeless(const struct lane_item *item, const struct lane_link *link, int64_t now_ms)
{
	int64_t most_ms = fault_patient(LANES_ANSWER_MS);

	if (!item->o.needs_sync)
		return NULL;
	if (!link->is_synced)
		return "not synchronised with the broker";
	if (item->o.expiry_ms > 0 && item->o.expiry_ms < most_ms)
		most_ms = item->o.expiry_ms;
	return now_ms - item->put_at_ms > most_ms ? "waited too long" : NULL;
}

void lanes_recall(struct lanes *l, bool (*may_go)(void *arg, int64_t token), void *arg)
{
	struct lane_item *item, *next;

	for (int lane = LANE_LIFE; lane <= LANE_PERSON && l->n_commands > 0; lane++)
		DL_FOREACH_SAFE(l->waiting[lane], item, next)
		if (item->o.needs_sync && !may_go(arg, item->o.token))
			give_up(l, item, "recalled");
}

static void move_out(struct lanes *l, struct lane_item *item, const struct lane_link *link, int64_t now_ms)
{
	dequeue(l, item);
	if (item->o.lane < LANE_STATE)
		l->round[item->o.lane] = item->round;
	item->number = ++l->last_number;
	item->out_at_ms = now_ms;
	DL_APPEND(l->out, item);
	l->n_out++;
	l->n_unacked += item->o.qos > 0;
	item->bytes = lanes_packet_bytes(&item->o, link->is_v5);
	l->out_bytes += item->bytes;
	if (item->topic) {
		item->topic->is_out = true;
		item->topic->next_at_ms = now_ms + LANES_TOPIC_EVERY_MS;
	}
}

static struct lane_item *next_of_lane(struct lanes *l, enum lane lane, const struct lane_link *link,
                                      int64_t now_ms)
{
	struct lane_item *item, *next;

	DL_FOREACH_SAFE(l->waiting[lane], item, next)
	{
		const char *why = hopeless(item, link, now_ms);

		if (why) {
			give_up(l, item, why);
			continue;
		}
		if (item->topic && (item->topic->is_out || item->topic->next_at_ms > now_ms))
			continue;
		return item;
	}
	return NULL;
}

static int share(enum lane lane, int most)
{
	int others = most * LANES_OUT_OTHERS / LANES_OUT_MAX;

	return lane == LANE_LIFE ? most : others > 0 ? others : 1;
}

/* May one more of the lane be out? The stream is QoS 0: the server counts nothing of it. */
static bool has_place(const struct lanes *l, enum lane lane)
{
	if (l->n_out >= share(lane, LANES_OUT_MAX))
		return false;
	return lane == LANE_STREAM || l->receive_limit == 0 || l->n_unacked < share(lane, l->receive_limit);
}

struct lane_item *lanes_next(struct lanes *l, const struct lane_link *link, int64_t now_ms)
{
	if (!link->is_up)
		return NULL;
	l->receive_limit = link->receive_limit;
	for (enum lane lane = LANE_LIFE; lane < LANE_COUNT; lane++) {
		struct lane_item *item;

		if (!has_place(l, lane))
			continue;
		item = next_of_lane(l, lane, link, now_ms);
		if (item) {
			move_out(l, item, link, now_ms);
			return item;
		}
	}
	return NULL;
}

/* One that was out is answered; a state that may not have arrived waits again. */
static void finish(struct lanes *l, struct lane_item *item, bool again)
{
	DL_DELETE(l->out, item);
	l->n_out--;
	l->n_unacked -= item->o.qos > 0;
	l->out_bytes -= item->bytes;
	if (item->topic)
		item->topic->is_out = false;
	if (again && item->topic && !item->topic->waiting) {
		item->o.token = 0;
		enqueue(l, item);
	} else {
		free(item);
	}
}

bool lanes_answer(struct lanes *l, uint64_t number, bool ok, const char *why, int64_t now_ms)
{
	struct lane_item *item;

	DL_FOREACH(l->out, item)
	{
		if (item->number != number)
			continue;
		l->is_unsure |= item->o.qos > 0 && !ok;
		answer_token(l, item->o.token, ok, why);
		finish(l, item, false);
		if (l->n_out == 0)
			forget_idle_topics(l, now_ms);
		return true;
	}
	return false;
}

void lanes_expire(struct lanes *l, int64_t now_ms)
{
	struct lane_item *item, *next;
	int64_t limit_ms = fault_patient(LANES_ANSWER_MS);

	DL_FOREACH_SAFE(l->out, item, next)
	{
		if (now_ms - item->out_at_ms < limit_ms)
			continue;
		l->is_unsure |= item->o.qos > 0;
		answer_token(l, item->o.token, false, "the broker did not acknowledge it in time");
		finish(l, item, true);
	}
}

void lanes_lost(struct lanes *l, const char *why)
{
	struct lane_item *item, *next;

	DL_FOREACH_SAFE(l->out, item, next)
	{
		l->is_unsure |= item->o.qos > 0;
		answer_token(l, item->o.token, false, why);
		finish(l, item, true);
	}
	for (int lane = 0; lane < LANE_COUNT; lane++) {
		DL_FOREACH_SAFE(l->waiting[lane], item, next)
		{
			if (!item->topic) {
				give_up(l, item, why);
				continue;
			}
			answer_token(l, item->o.token, false, why);
			item->o.token = 0;
		}
	}
}

int64_t lanes_wake_at(const struct lanes *l)
{
	int64_t at = INT64_MAX, limit_ms = fault_patient(LANES_ANSWER_MS);
	const struct lane_item *item;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		if (!has_place(l, (enum lane)lane))
			continue;
		DL_FOREACH(l->waiting[lane], item)
		{
			if (!(item->topic && item->topic->is_out) && due_at(item) < at)
				at = due_at(item);
		}
	}
	DL_FOREACH(l->out, item)
	{
		if (item->out_at_ms + limit_ms < at)
			at = item->out_at_ms + limit_ms;
	}
	return at;
}

int lanes_count(const struct lanes *l)
{
	int n = l->n_out;

	for (int lane = 0; lane < LANE_COUNT; lane++)
		n += l->n_waiting[lane];
	return n;
}

size_t lanes_packet_bytes(const struct outgoing *o, bool is_v5)
{
	size_t bytes = 5 + 2 + strlen(o->topic) + 2 + o->len;

	if (is_v5)
		bytes += 4 + 5 + (o->correlation ? 3 + o->correlation_len : 0);
	return bytes;
}

uint32_t lanes_expiry_s(const struct lane_item *item, int64_t now_ms)
{
	int64_t left_ms = item->o.expiry_ms - (now_ms - item->put_at_ms);

	if (item->o.expiry_ms <= 0)
		return 0;
	if (left_ms < 1000)
		return 1;
	left_ms = (left_ms + 999) / 1000;
	return left_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)left_ms;
}
