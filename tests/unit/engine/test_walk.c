/* The life walked exhaustively, breadth first, on a real engine: whatever
 * people, detectors and time do in whatever order, an open incident has its
 * one deadline, no calm state has a true condition, and from everywhere a
 * closed state can be reached - also when a lost detector never comes back. */
#include "life_world.h"

#include "engine/emit.h"

enum { NODES_MAX = 20000, DEPTH_MAX = 40, KEY_BYTES = 64, SLOTS = 65536, N_ACTS = 13, CLOSED = -2 };

static const char *const acts[N_ACTS] = {
    "a 12",          "a 30",       "a 0",      "a ?",      "b 12", "b 0", "wang ack", "wang done scene",
    "li done paper", "wang reset", "li reset", "li close", "due",
};

/* One place of the walk: how to come here from another, and where each act leads. */
struct node {
	char key[KEY_BYTES];
	int from, act, depth;
	int to[N_ACTS];          /* another place, or CLOSED */
	bool comes_back[N_ACTS]; /* that act is the return of a lost detector */
	bool can_close;
};

static struct node nodes[NODES_MAX];
static int slots[SLOTS]; /* by hash of the key: its place + 1 */
static int n_nodes;

static struct incident *open_incident(const struct life_world *w)
{
	for (int i = 0; i < w->e->n_incidents; i++)
		if (incident_is_open(w->e->incidents[i]) && w->e->incidents[i]->hazard == HAZARD_GAS)
			return w->e->incidents[i];
	return NULL;
}

static bool is_away(const struct life_world *w, const char *sensor)
{
	return sensor_find(w->e, sensor)->health == HEALTH_AWAY;
}

/* ---------------------------------------------------------------------- acts */

static void say(struct life_world *w, const char *person, const char *verb, const char *step)
{
	static const char *const both[] = {"a", "b"};
	const struct incident *inc = open_incident(w);
	struct command c = {.verb = (enum verb)verb_from(verb), .id = inc ? inc->number : 0, .step = step};

	if (c.verb == VERB_RESET)
		c.without = (struct strings){both, 2};
	if (inc)
		life_command(w, person, c);
}

static void act(struct life_world *w, const char *what)
{
	char sensor[2] = {what[0], 0}, person[8];
	const struct incident *inc = open_incident(w);
	size_t n = strcspn(what, " ");

	w->now_ms += 1000;
	snprintf(person, sizeof person, "%.*s", (int)n, what);
	if (!strcmp(what, "due")) {
		if (inc)
			life_until(w, inc->due.at_ms > w->now_ms ? inc->due.at_ms : w->now_ms);
	} else if (n > 1) {
		const char *verb = what + n + 1, *step = strchr(verb, ' ');

		say(w, person, step ? "done" : verb, step ? step + 1 : NULL);
	} else if (what[2] == '?') {
		life_reading(w, sensor, READING_AWAY, "");
	} else {
		life_reading(w, sensor, READING_VALUE, what + 2);
	}
}

/* --------------------------------------------------------------------- places */

static char member_letter(const struct incident *inc, const char *sensor)
{
	for (int i = 0; i < inc->n_members; i++) {
		const struct member *m = &inc->members[i];

		if (!strcmp(m->sensor, sensor))
			return m->out ? 'o' : m->lost ? 'l' : m->active == TRUTH_TRUE ? 't' : 'f';
	}
	return '-';
}

static char health_letter(const struct life_world *w, const char *sensor)
{
	const struct sensor *s = sensor_find(w->e, sensor);

	if (s->health != HEALTH_OK)
		return s->health == HEALTH_AWAY ? '?' : 'u';
	return s->milli > 25000 ? 'H' : s->milli > 10000 ? 'L' : '0';
}

/* What decides how it can go on; rows, times and rounds do not. */
static void key_of(const struct life_world *w, char key[KEY_BYTES])
{
	const struct incident *inc = open_incident(w);
	bool fresh = inc && *inc->reset_by && w->now_ms - inc->reset_ms <= 30 * 60000;

	if (!inc)
		snprintf(key, KEY_BYTES, "none %c%c", health_letter(w, "a"), health_letter(w, "b"));
	else
		snprintf(key, KEY_BYTES, "%s %c%c %c%c g%d r%d %d%d %s", state_name(inc->state),
		         member_letter(inc, "a"), member_letter(inc, "b"), health_letter(w, "a"),
		         health_letter(w, "b"), inc->grade_index, inc->reminders > 0,
		         inc->steps[0].state == STEP_DONE, inc->steps[1].state == STEP_DONE,
		         fresh ? inc->reset_by : "");
}

static void check(const struct life_world *w, const char *key)
{
	const struct incident *inc = open_incident(w);
	const char *broken = condition_broken(w->e);

	if (broken)
		fail_msg("%s: %s", key, broken);
	for (int i = 0; i < w->e->n_incidents; i++)
		if (life_armed(w, w->e->incidents[i]) != 1 || w->e->incidents[i]->due.at_ms <= w->now_ms)
			fail_msg("%s: %s has not its one deadline ahead", key, w->e->incidents[i]->id);
	if (!inc)
		return;
	if (inc->next == NEXT_NONE || inc->next == NEXT_EMPTY)
		fail_msg("%s: its deadline calls nobody", key);
	if ((inc->state == STATE_RTN_UNACKED || inc->state == STATE_LATCHED || inc->state == STATE_CLEARED) &&
	    incident_is_active(inc))
		fail_msg("%s: calm, but a member is active or unknown", key);
	if ((inc->state == STATE_PRE_ALARM || inc->state == STATE_UNACKED || inc->state == STATE_ACKED) &&
	    !incident_is_active(inc))
		fail_msg("%s: calling for nothing", key);
}

/* The engine at that place, by the way that led there. */
static void go(struct life_world *w, struct plan *plan, int place)
{
	int way[DEPTH_MAX], n = 0;

	for (int i = place; nodes[i].from >= 0; i = nodes[i].from) {
		assert_true(n < DEPTH_MAX);
		way[n++] = nodes[i].act;
	}
	life_begin(w, plan);
	while (n)
		act(w, acts[way[--n]]);
}

static int find_or_add(const char *key, int from, int by)
{
	unsigned slot = (unsigned)fnv64(14695981039346656037u, key) % SLOTS;

	for (; slots[slot]; slot = (slot + 1) % SLOTS)
		if (!strcmp(nodes[slots[slot] - 1].key, key))
			return slots[slot] - 1;
	assert_true(n_nodes < NODES_MAX);
	slots[slot] = n_nodes + 1;
	nodes[n_nodes] =
	    (struct node){.from = from, .act = by, .depth = from < 0 ? 0 : nodes[from].depth + 1};
	memcpy(nodes[n_nodes].key, key, KEY_BYTES);
	return n_nodes++;
}

static void expand(struct plan *plan, int place, int a)
{
	struct life_world w;
	char key[KEY_BYTES] = "";
	char sensor[2] = {acts[a][0], 0};
	bool had;

	go(&w, plan, place);
	had = open_incident(&w) != NULL;
	nodes[place].comes_back[a] = acts[a][1] == ' ' && acts[a][2] != '?' && is_away(&w, sensor);
	act(&w, acts[a]);
	key_of(&w, key);
	check(&w, key);
	if (had && !open_incident(&w))
		nodes[place].to[a] = CLOSED; /* closed: where every way may end */
	else
		nodes[place].to[a] = find_or_add(key, place, a);
	life_end(&w);
}

static void walk(struct plan *plan)
{
	struct life_world w;
	char key[KEY_BYTES] = "";

	life_begin(&w, plan);
	life_reading(&w, "a", READING_VALUE, "0");
	key_of(&w, key);
	life_end(&w);
	n_nodes = 0;
	find_or_add(key, -1, -1);
	for (int i = 0; i < n_nodes; i++)
		for (int a = 0; a < N_ACTS; a++)
			expand(plan, i, a);
}

/* Backwards from closed, by what is left when no lost detector comes back. */
static int cannot_close(void)
{
	bool more = true;
	int stuck = 0;

	while (more) {
		more = false;
		for (int i = 0; i < n_nodes; i++)
			for (int a = 0; a < N_ACTS && !nodes[i].can_close; a++) {
				int to = nodes[i].to[a];

				if (nodes[i].comes_back[a] || !(to == CLOSED || nodes[to].can_close))
					continue;
				nodes[i].can_close = more = true;
			}
	}
	for (int i = 0; i < n_nodes; i++)
		if (!nodes[i].can_close && strncmp(nodes[i].key, "none", 4) != 0) {
			print_message("no way to closed: %s\n", nodes[i].key);
			stuck++;
		}
	return stuck;
}

static void test_every_place_can_be_closed(void **state)
{
	struct plan *plan = life_plan();
	int seen[STATE_COUNT] = {0};

	(void)state;
	walk(plan);
	for (int i = 0; i < n_nodes; i++)
		for (int s = 0; s < STATE_COUNT; s++)
			seen[s] +=
			    !strncmp(nodes[i].key, state_name((enum state)s), strcspn(nodes[i].key, " "));
	for (int s = 0; s < STATE_CLOSED; s++)
		assert_true(seen[s] > 0);
	print_message("%d places\n", n_nodes);
	assert_true(n_nodes > 200);
	assert_int_equal(cannot_close(), 0);
	plan_free(plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_place_can_be_closed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
