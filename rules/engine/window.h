/* window.h - what a gate remembers of the last while: the values of `rises`
 * and `falls`, the changes of `changes`, and that it still counts for `within`. */
#ifndef TOCSIN_WINDOW_H
#define TOCSIN_WINDOW_H

#include "engine/model.h"
#include "engine/record.h"

enum { SAMPLES_MAX = 64 };

struct sample {
	int64_t at_ms, milli; /* falls: negated */
};

struct window {
	struct deadline open; /* armed: the test is true, until then */
	struct deadline held; /* armed: it counts for its `all` or vote, until then */
	struct sample *at;    /* oldest first */
	int n, cap;
};

void window_make(struct gate *g); /* when its condition has one */
void window_free(struct engine *e, struct gate *g);
void window_place(struct gate *g, int sub); /* among equal deadlines */
/* The sensor of the leaf has told its value, another than before or the same. */
void window_value(struct engine *e, struct gate *g, bool is_other);
/* After `out` may have changed. */
void window_hold(struct engine *e, struct gate *g, enum truth was);
void window_forget(struct engine *e, struct gate *g); /* it counts no more */
void window_again(struct engine *e, struct gate *g);  /* what it remembers is measured by another limit now */
void window_shift(struct gate *g, int64_t by_ms);     /* the clock was set; deadlines have moved already */
void window_late(struct engine *e, struct gate *g, int64_t not_before_ms);

/* One line of a record, tag "w", without node, sensor and test. */
bool window_is_empty(const struct gate *g);
void window_save(const struct gate *g, struct buf *out);
void window_restore(struct engine *e, struct gate *g, struct record_reader *r); /* g NULL: read over */

static inline bool window_is_open(const struct gate *g)
{
	return g->window && g->window->open.pos;
}

static inline bool window_holds(const struct gate *g)
{
	return g->window && g->window->held.pos;
}

#endif
