/* instance.c - incident types in their scopes, and how what their gates know
 * survives a new plan (saved, rebuilt, remembered) and a restart (the same). */
#include "engine/flap.h"
#include "engine/gates.h"
#include "engine/record.h"
#include "engine/window.h"

#include <stdlib.h>
#include <string.h>

/* -------------------------------------------------------------- instances */

int instance_place(const struct engine *e, const char *key)
{
	int low = 0, high = e->n_instances;

	while (low < high) {
		int mid = (low + high) / 2;

		if (strcmp(e->instances[mid]->key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct instance *instance_by_key(struct engine *e, const char *key)
{
	int i = instance_place(e, key);

	return i < e->n_instances && !strcmp(e->instances[i]->key, key) ? e->instances[i] : NULL;
}

static bool cond_has(const struct cond *cond, bool (*is)(const struct cond *))
{
	bool found = is(cond);

	for (int i = 0; i < cond->n_kids && !found; i++)
		found = cond_has(&cond->kids[i], is);
	return found;
}

static bool is_vote(const struct cond *cond)
{
	return cond->op == COND_VOTE;
}

static bool is_scheduled(const struct cond *cond)
{
	return cond->schedule != NULL;
}

static void instance_look(struct instance *in)
{
	in->has_hours = in->type && in->type->schedule.n;
	in->has_votes = false;
	for (int i = 0; in->type && i < in->type->n_grades; i++) {
		in->has_hours |= cond_has(&in->type->grades[i].when, is_scheduled);
		in->has_votes |= cond_has(&in->type->grades[i].when, is_vote);
	}
}

/* Type and scope as the newest plan has them. */
static void instance_bind(struct engine *e, struct instance *in)
{
	in->sensor = NULL;
	in->zone = -1;
	if (in->is_until) {
		until_bind(e, in);
		instance_look(in);
		return;
	}
	in->type = readers_type(e, in->type_id);
	if (in->type && in->type->per == PER_ZONE)
		in->zone = plan_zone(e->plan, in->scope);
	if (in->type && in->type->per == PER_SENSOR)
		in->sensor = sensor_find(e, in->scope);
	if (in->sensor)
		in->zone = in->sensor->zone;
	instance_look(in);
}

/* The key says type and scope: "c/<type>@<scope>". */
static struct instance *instance_add(struct engine *e, const char *key)
{
	struct instance *in = xcalloc(1, sizeof *in);
	size_t type_len = strcspn(key + 2, "@"), key_len = strlen(key);
	int place = instance_place(e, key);

	in->key = xcalloc(1, key_len + 1 + type_len + 1);
	memcpy(in->key, key, key_len);
	in->scope = in->key + 2 + type_len + 1;
	in->type_id = memcpy(in->key + key_len + 1, key + 2, type_len);
	in->is_until = *in->type_id == UNTIL_MARK;
	in->grade = -1;
	in->known = true;
	in->dirty = true;
	deadline_init(&in->quiet, DEADLINE_FLAP, in, in->key, 0);
	if (e->n_instances == e->cap_instances) {
		e->cap_instances = e->cap_instances ? 2 * e->cap_instances : 16;
		e->instances = xrealloc(e->instances, (size_t)e->cap_instances * sizeof *e->instances);
	}
	memmove(e->instances + place + 1, e->instances + place,
	        (size_t)(e->n_instances - place) * sizeof *e->instances);
	e->instances[place] = in;
	e->n_instances++;
	return in;
}

static void instance_free(struct engine *e, struct instance *in)
{
	deadline_clear(&e->heap, &in->quiet);
	gates_drop(e, in, NULL);
	free(in->gates);
	free(in->missed);
	free(in->memory);
	free(in->key);
	free(in);
}

static void leave_sensors(const struct instance *in)
{
	for (int i = 0; i < in->n_gates; i++) {
		struct sensor *s = in->gates[i]->sensor;
		int kept = 0;

		for (int k = 0; s && k < s->n_leaves; k++)
			if (s->leaves[k] != in->gates[i])
				s->leaves[kept++] = s->leaves[k];
		if (s)
			s->n_leaves = kept;
	}
}

void instance_drop(struct engine *e, struct instance *in)
{
	int place = instance_place(e, in->key);

	leave_sensors(in);
	records_put(&e->gone, in->key, NULL);
	memmove(e->instances + place, e->instances + place + 1,
	        (size_t)(e->n_instances - place - 1) * sizeof(struct instance *));
	e->n_instances--;
	instance_free(e, in);
}

static void add_combiners(struct instance *in, const struct cond *cond, int grade, bool negated)
{
	if (cond->op == COND_TEST)
		return;
	gate_add(in, &(struct gate){.cond = cond, .grade = grade, .negated = negated});
	for (int i = 0; i < cond->n_kids; i++)
		add_combiners(in, &cond->kids[i], grade, negated != (cond->op == COND_NOT));
}

static void instance_combiners(struct instance *in)
{
	for (int i = 0; in->type && i < in->type->n_grades; i++)
		add_combiners(in, &in->type->grades[i].when, i, false);
}

struct instance *instance_named(struct engine *e, const char *type_id, const char *scope)
{
	struct buf key = {0};
	struct instance *in;

	buf_printf(&key, "c/%s@%s", type_id, scope);
	in = instance_by_key(e, buf_text(&key));
	if (!in) {
		in = instance_add(e, buf_text(&key));
		instance_bind(e, in);
		instance_combiners(in);
	}
	buf_fini(&key);
	return in;
}

struct instance *instance_get(struct engine *e, const struct incident_type *type, const char *scope)
{
	return instance_named(e, type->id, scope);
}

/* ------------------------------------------------------------ a new plan */

static void miss(struct instance *in, struct sensor *s)
{
	for (int i = 0; i < in->n_missed; i++)
		if (in->missed[i] == s)
			return;
	if (!s)
		return;
	in->missed = xrealloc(in->missed, (size_t)(in->n_missed + 1) * sizeof(struct sensor *));
	in->missed[in->n_missed++] = s;
}

/* One line of a record: what a gate knew. */
struct known {
	int node;
	char *sensor, *test;
	bool negated;
	enum truth raw_out[2];
	int64_t delay_ms;
};

static void known_read(struct record_reader *r, struct known *ret)
{
	int64_t raw, out;

	ret->node = record_read_place(r);
	ret->sensor = record_read_str(r);
	ret->test = record_read_str(r);
	ret->negated = record_read_int(r) != 0;
	raw = record_read_int(r);
	out = record_read_int(r);
	ret->delay_ms = record_read_ms(r);
	r->bad |= raw < 0 || raw > TRUTH_TRUE || out < 0 || out > TRUTH_TRUE;
	ret->raw_out[0] = (enum truth)raw;
	ret->raw_out[1] = (enum truth)out;
}

static void known_fini(struct known *k)
{
	free(k->sensor);
	free(k->test);
}

/* Of the same kind and as long: the text of a test begins with both. */
static bool is_same_while(const struct gate *g, const char *test, const char *other)
{
	size_t kind = strcspn(test, " ") + 1;

	if (!g->sensor || !test_is_windowed(g->cond->test.op))
		return false;
	return !strncmp(test, other, kind + strcspn(test + kind, " ") + 1);
}

/* Of another limit what was told of late is known all the same; of another test nothing is. */
static void window_use(struct engine *e, struct instance *in, struct record_reader *r)
{
	int node = record_read_place(r);
	char *sensor = record_read_str(r), *text = record_read_str(r);
	struct gate *g = gate_find(in, node, sensor);
	struct buf test = {0};
	bool same, alike;

	if (g)
		gate_test_text(g->cond, &test);
	same = g && !strcmp(buf_text(&test), text);
	alike = g && !same && is_same_while(g, buf_text(&test), text);
	window_restore(e, same || alike ? g : NULL, r);
	if (alike)
		window_again(e, g);
	free(sensor);
	free(text);
	buf_fini(&test);
}

/* Of another test a gate keeps only that its sensor was bad, as lost until it is known. */
static void known_use(struct engine *e, struct instance *in, const struct known *k)
{
	struct gate *g = gate_find(in, k->node, k->sensor);
	enum truth bad = k->negated ? TRUTH_FALSE : TRUTH_TRUE;
	struct buf test = {0};

	if (g)
		gate_test_text(g->cond, &test);
	if (g && g->negated == k->negated && !strcmp(buf_text(&test), k->test)) {
		gate_remember(e, g, k->raw_out, k->delay_ms);
	} else if (*k->sensor && k->raw_out[1] == bad) {
		if (g && g->negated == k->negated)
			gate_remember(e, g, (enum truth[]){TRUTH_UNKNOWN, bad}, -1);
		miss(in, sensor_find(e, k->sensor));
	}
	buf_fini(&test);
}

static void instance_remember(struct engine *e, struct instance *in, const char *memory)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];
	struct buf now = {0};

	record_open(&r, memory);
	while (record_line(&r, tag)) {
		struct known k;

		if (!strcmp(tag, "w"))
			window_use(e, in, &r);
		if (strcmp(tag, "g"))
			continue;
		known_read(&r, &k);
		known_use(e, in, &k);
		known_fini(&k);
	}
	instance_save(in, &now);
	if (strcmp(buf_text(&now), memory))
		in->dirty = true;
	buf_fini(&now);
}

/* A scope or type the plan lost is forgotten, unless its incident is open or it was just restored. */
static bool is_over(const struct instance *in)
{
	if (in->is_until)
		return !in->run;
	if (in->incident || in->memory)
		return false;
	if (!in->type)
		return true;
	if (in->type->per == PER_SENSOR)
		return !in->sensor || in->sensor->def < 0;
	return in->type->per == PER_ZONE && in->zone < 0;
}

static void forget_over(struct engine *e)
{
	int kept = 0;

	for (int i = 0; i < e->n_instances; i++) {
		struct instance *in = e->instances[i];

		instance_bind(e, in);
		if (is_over(in)) {
			records_put(&e->gone, in->key, NULL);
			instance_free(e, in);
		} else {
			e->instances[kept++] = in;
		}
	}
	e->n_instances = kept;
}

static void let_go(struct engine *e, struct instance *in)
{
	struct buf memory = {0};

	if (!in->memory) {
		instance_save(in, &memory);
		in->memory = buf_steal(&memory);
	}
	gates_drop(e, in, NULL);
	instance_combiners(in);
}

void instances_replan(struct engine *e)
{
	forget_over(e);
	for (int i = 0; i < e->n_sensors; i++)
		e->sensors[i]->n_leaves = 0;
	for (int i = 0; i < e->n_instances; i++)
		let_go(e, e->instances[i]);
	for (int i = 0; i < e->n_sensors; i++)
		condition_attach(e, e->sensors[i]);
	for (int i = 0; i < e->n_instances; i++) {
		struct instance *in = e->instances[i];

		if (in->memory)
			instance_remember(e, in, in->memory);
		free(in->memory);
		in->memory = NULL;
	}
}

void instances_free(struct engine *e)
{
	deadline_clear(&e->heap, &e->schedule_due);
	for (int i = 0; i < e->n_instances; i++)
		instance_free(e, e->instances[i]);
	free(e->instances);
	e->instances = NULL;
	e->n_instances = e->cap_instances = 0;
}

/* ---------------------------------------------------------------- records */

static void window_line(const struct gate *g, struct buf *out)
{
	struct buf test = {0};

	if (window_is_empty(g))
		return;
	gate_test_text(g->cond, &test);
	record_tag(out, "w");
	record_int(out, g->cond->node);
	record_str(out, g->sensor ? g->sensor->id : "");
	record_str(out, buf_text(&test));
	window_save(g, out);
	buf_fini(&test);
}

void instance_save(const struct instance *in, struct buf *out)
{
	record_tag(out, "c");
	record_int(out, in->grade);
	record_int(out, in->known | in->met << 1);
	flap_save(in, out);
	for (int i = 0; i < in->n_gates; i++) {
		const struct gate *g = in->gates[i];
		struct buf test = {0};

		window_line(g, out);
		if (g->raw == TRUTH_UNKNOWN && g->out == TRUTH_UNKNOWN && !g->delay.pos)
			continue;
		gate_test_text(g->cond, &test);
		record_tag(out, "g");
		record_int(out, g->cond->node);
		record_str(out, g->sensor ? g->sensor->id : "");
		record_str(out, buf_text(&test));
		record_int(out, g->negated);
		record_int(out, g->raw);
		record_int(out, g->out);
		record_int(out, g->delay.pos ? g->delay.at_ms : -1);
		buf_fini(&test);
	}
}

/* Reads the record through; -1 when it is ill-formed. */
static int record_check(const char *value, int *ret_grade, int64_t *ret_known_met)
{
	struct record_reader r;
	char tag[RECORD_TAG_BYTES];
	bool head = false;

	record_open(&r, value);
	while (record_line(&r, tag)) {
		struct known k;

		if (!strcmp(tag, "c")) {
			*ret_grade = record_read_place(&r);
			*ret_known_met = record_read_int(&r);
			head = true;
		} else if (!strcmp(tag, "g")) {
			known_read(&r, &k);
			known_fini(&k);
		} else if (!strcmp(tag, "w")) {
			record_read_place(&r);
			free(record_read_str(&r));
			free(record_read_str(&r));
			window_restore(NULL, NULL, &r);
		}
	}
	return head && !r.bad ? 0 : -1;
}

/* The memory is used when sensors_replan has made the gates. */
int instance_restore(struct engine *e, const char *key, const char *value)
{
	struct instance *in = instance_by_key(e, key);
	int grade;
	int64_t known_met = 0;

	if (strncmp(key, "c/", 2) || !strchr(key, '@') || record_check(value, &grade, &known_met) < 0)
		return -1;
	if (!in)
		in = instance_add(e, key);
	free(in->memory);
	in->memory = xstrdup(value);
	in->grade = grade;
	in->known = known_met & 1;
	in->met = known_met & 2;
	flap_restore(e, in, value);
	in->dirty = false;
	return 0;
}
