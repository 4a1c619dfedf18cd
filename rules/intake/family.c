/* family.c - slots and family members. The mutex guards the index and the
 * making of members; slots are read without it. */
#include "intake/family.h"

#include "base/text.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE = 16384 };

struct member {
	struct slot slot;
	const char *captures[CAPTURES_MAX]; /* NULL: none */
};

struct family {
	const struct plan *plan;
	pthread_mutex_t lock;
	struct arena arena;
	struct slot *plain; /* one for each sensor of the plan; those of families are unused */
	struct member *members[FAMILY_MAX];
	int n_members;
	uint32_t n_table;
	int *table; /* slot index + 1, 0: free; by id */
};

static uint32_t hash(const char *id)
{
	uint32_t h = 2166136261u;

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * 16777619u;
	return h ^ (h >> 15);
}

static void slot_init(struct slot *s, const char *id, int index)
{
	s->id = id;
	s->index = index;
	s->def = -1;
	s->zone = -1;
	atomic_init(&s->want, 1); /* the first message is news */
	atomic_init(&s->seen_ms, -1);
	atomic_init(&s->news_ms, -1);
	atomic_init(&s->complained_ms, -1);
	atomic_init(&s->old_at_ms, -1);
}

static struct slot *slot_at(struct family *f, int index)
{
	int member = index - f->plan->n_sensors;

	return member < 0 ? &f->plain[index] : &f->members[member]->slot;
}

static uint32_t place(struct family *f, const char *id)
{
	uint32_t i = hash(id) & (f->n_table - 1);

	while (f->table[i] && strcmp(slot_at(f, f->table[i] - 1)->id, id) != 0)
		i = (i + 1) & (f->n_table - 1);
	return i;
}

struct family *family_new(const struct plan *plan)
{
	struct family *f = xcalloc(1, sizeof *f);

	f->plan = plan;
	pthread_mutex_init(&f->lock, NULL);
	arena_init(&f->arena);
	f->plain = xcalloc((size_t)plan->n_sensors, sizeof *f->plain);
	for (f->n_table = TABLE; f->n_table < (uint32_t)plan->n_sensors * 2 + FAMILY_MAX * 2;)
		f->n_table *= 2;
	f->table = xcalloc(f->n_table, sizeof *f->table);
	for (int i = 0; i < plan->n_sensors; i++) {
		const struct sensor_def *def = &plan->sensors[i];

		slot_init(&f->plain[i], def->id, i);
		if (def->is_family)
			continue;
		f->plain[i].def = i;
		f->plain[i].zone = def->zone >= 0 ? def->zone : plan_zone(plan, def->zone_pattern);
		f->table[place(f, def->id)] = i + 1;
	}
	return f;
}

void family_free(struct family *f)
{
	if (!f)
		return;
	arena_fini(&f->arena);
	pthread_mutex_destroy(&f->lock);
	free(f->plain);
	free(f->table);
	free(f);
}

int family_count(struct family *f)
{
	int n;

	pthread_mutex_lock(&f->lock);
	n = f->plan->n_sensors + f->n_members;
	pthread_mutex_unlock(&f->lock);
	return n;
}

struct slot *family_slot(struct family *f, int index)
{
	struct slot *s;

	if (index < f->plan->n_sensors)
		return &f->plain[index];
	pthread_mutex_lock(&f->lock);
	s = slot_at(f, index);
	pthread_mutex_unlock(&f->lock);
	return s;
}

void family_prefetch(const struct family *f, int index)
{
	__builtin_prefetch(&f->plain[index], 1);
	__builtin_prefetch((const char *)&f->plain[index] + 64, 1);
}

struct slot *family_find(struct family *f, const char *id)
{
	int found;
	struct slot *s;

	pthread_mutex_lock(&f->lock);
	found = f->table[place(f, id)];
	s = found ? slot_at(f, found - 1) : NULL;
	pthread_mutex_unlock(&f->lock);
	return s;
}

/* Under the lock. */
static struct slot *find_or_make(struct family *f, const char *id)
{
	uint32_t i = place(f, id);
	struct member *m;

	if (f->table[i])
		return slot_at(f, f->table[i] - 1);
	if (f->n_members == FAMILY_MAX)
		return NULL;
	m = arena_alloc(&f->arena, sizeof *m);
	slot_init(&m->slot, arena_str(&f->arena, id), f->plan->n_sensors + f->n_members);
	f->members[f->n_members++] = m;
	f->table[i] = m->slot.index + 1;
	return &m->slot;
}

struct slot *family_reserve(struct family *f, const char *id)
{
	struct slot *s;

	pthread_mutex_lock(&f->lock);
	s = find_or_make(f, id);
	pthread_mutex_unlock(&f->lock);
	return s;
}

/* "leak-{1}" with what the wildcards matched; false: too long, not text, or unbound. */
static bool fill(const char *pattern, const struct capture captures[CAPTURES_MAX], char *ret, size_t cap)
{
	size_t n = 0;

	while (*pattern) {
		struct capture part = {pattern, 1};

		if (pattern[0] == '{' && pattern[1] >= '1' && pattern[1] <= '9' && pattern[2] == '}') {
			part = captures[pattern[1] - '1'];
			pattern += 2;
		}
		pattern++;
		if (!part.at || n + part.len >= cap)
			return false;
		memcpy(ret + n, part.at, part.len);
		n += part.len;
	}
	ret[n] = 0;
	return n && utf8_valid(ret, n);
}

static void adopt(struct family *f, struct slot *s, int def, const struct capture captures[CAPTURES_MAX])
{
	const struct sensor_def *d = &f->plan->sensors[def];
	struct member *m = (struct member *)s; /* its first field */
	char zone[FAMILY_ID_BYTES];

	for (int i = 0; i < CAPTURES_MAX; i++)
		m->captures[i] =
		    captures[i].at ? arena_dup(&f->arena, captures[i].at, captures[i].len) : NULL;
	if (d->zone >= 0)
		s->zone = d->zone;
	else if (d->zone_pattern && fill(d->zone_pattern, captures, zone, sizeof zone))
		s->zone = plan_zone(f->plan, zone);
	s->def = def;
}

struct slot *family_member(struct family *f, int def, const struct capture captures[CAPTURES_MAX])
{
	char id[FAMILY_ID_BYTES];
	struct slot *s;

	if (!fill(f->plan->sensors[def].id, captures, id, sizeof id))
		return NULL;
	pthread_mutex_lock(&f->lock);
	s = find_or_make(f, id);
	if (s && s->def < 0)
		adopt(f, s, def, captures);
	pthread_mutex_unlock(&f->lock);
	return s;
}

static bool agrees(const struct member *m, const struct capture captures[CAPTURES_MAX])
{
	for (int i = 0; i < CAPTURES_MAX; i++)
		if (captures[i].at && (!m->captures[i] || strlen(m->captures[i]) != captures[i].len ||
		                       memcmp(m->captures[i], captures[i].at, captures[i].len) != 0))
			return false;
	return true;
}

struct slot *family_next(struct family *f, int def, const struct capture captures[CAPTURES_MAX], int *at)
{
	struct slot *found = NULL;

	pthread_mutex_lock(&f->lock);
	while (!found && *at < f->n_members) {
		struct member *m = f->members[(*at)++];

		if (m->slot.def == def && agrees(m, captures))
			found = &m->slot;
	}
	pthread_mutex_unlock(&f->lock);
	return found;
}
