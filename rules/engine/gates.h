/* gates.h - between sensor.c, condition.c, instance.c, schedule.c, tree.c and gates.c.
 * A gate remembers one cond node of one instance; a leaf has one per sensor. */
#ifndef TOCSIN_GATES_H
#define TOCSIN_GATES_H

#include "engine/model.h"

static inline bool link_is_up(const struct engine *e)
{
	return e->link == LINK_UP || e->link == LINK_SYNCED;
}

/* The truth of this gate that helps its grade to be true. */
static inline enum truth gate_bad_truth(const struct gate *g)
{
	return g->negated ? TRUTH_FALSE : TRUTH_TRUE;
}

static inline bool gate_is_bad(const struct gate *g)
{
	return g->sensor && g->out == gate_bad_truth(g);
}

/* gates.c */
int gate_place(const struct instance *in, int node,
               const char *sensor); /* of the first gate that is not before */
struct gate *gate_find(const struct instance *in, int node,
                       const char *sensor); /* sensor "": all, any, not */
struct gate *gate_add(struct instance *in,
                      const struct gate *like); /* the one that is there already, if any */
void gates_drop(struct engine *e, struct instance *in,
                const struct sensor *s); /* NULL: all. s->leaves is not touched */
void gate_remember(struct engine *e, struct gate *g, const enum truth raw_out[2],
                   int64_t delay_ms); /* -1: none */
void gate_set(struct engine *e, struct gate *g, enum truth raw);
void gate_update(struct engine *e, struct gate *g); /* leaf: its sensor or its window changed */
void gate_alive(struct engine *e, struct gate *g);  /* leaf: a sign of life; gate_update must follow */
void gate_link(struct engine *e, struct gate *g);   /* leaf: the link came or went */
void gate_expire(struct engine *e, struct gate *g); /* its deadline */
bool gate_counts_silence(const struct gate *g);     /* its deadline is a countdown to silence */
void gate_test_text(const struct cond *cond, struct buf *out); /* the same for the same test */
void gate_forget(struct engine *e, struct gate *g);            /* leaf: lost no more, simply unknown */
bool gate_mend(struct engine *e, struct gate *g,
               int64_t latest_ms); /* a damaged record's delay that is lost, or later than that; true: it was */
void gate_at_once(struct engine *e, struct gate *g);           /* its delay and its `within` are cut short */

/* tree.c */
bool gate_counts(const struct gate *g);                            /* true, or it was `within` */
enum truth cond_raw(const struct engine *e, const struct gate *g); /* all, any, not, vote: of its kids */
bool tree_reads(const struct instance *in);                        /* has a leaf */
int tree_grade(const struct engine *e, const struct instance *in, bool *ret_known);
bool tree_stays(const struct engine *e, const struct instance *in); /* true yet without the supposed leaves */
void tree_without(struct engine *e, struct instance *in);           /* the same in earnest: they were forgotten */
bool tree_is_met(const struct instance *in);
bool tree_update(struct engine *e, struct instance *in); /* leaves up; true: grade, known or met changed */

/* condition.c */
void condition_attach(struct engine *e, struct sensor *s); /* a gate for every leaf that reads it */
bool condition_detach(struct engine *e, struct sensor *s); /* false: it is bad somewhere and stays */
void conditions_settle(struct engine *e); /* evaluate gates without memory, tell what is new */

void conditions_again(struct engine *e); /* all whose hours may have begun or ended */

/* readers.c: of the newest plan; made by sensors_replan */
void readers_make(struct engine *e);
void readers_free(struct engine *e);
/* Each type of which a leaf may look at the sensor. */
void readers_each(struct engine *e, struct sensor *s,
                  void (*fn)(struct engine *e, struct sensor *s, const struct incident_type *type));
const struct incident_type *readers_type(const struct engine *e, const char *id); /* or NULL */

/* schedule.c */
void schedule_arm(struct engine *e); /* after a start and a new plan */

/* until.c: instances of steps that wait; their type begins with the mark */
enum { UNTIL_MARK = '=' };
void until_bind(const struct engine *e, struct instance *in);  /* run, type and zone */
void untils_attach(struct engine *e, struct sensor *s);        /* as condition_attach */
void until_changed(struct engine *e, const struct instance *in); /* its grade, or what it shows */

/* condition.c */
bool leaf_speaks_of(const struct test *t, const struct sensor_def *def);

/* instance.c */
int instance_place(const struct engine *e, const char *key); /* the first that is not before */
void instances_replan(struct engine *e); /* after the sensors follow the new plan */
void instances_free(struct engine *e);

#endif
