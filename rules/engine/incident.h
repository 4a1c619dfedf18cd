/* incident.h - opening an incident and its members, for those who find the reason. */
#ifndef TOCSIN_INCIDENT_H
#define TOCSIN_INCIDENT_H

#include "engine/life.h"

/* A new one for the instance, not yet begun: give it its grade and members first. An exercise has none. */
struct incident *incident_create(struct engine *e, struct instance *in);
struct incident *incident_create_apart(struct engine *e, const struct incident_type *t, int zone);
void incident_begin_grade(struct incident *inc, const struct grade *g); /* NULL: raised without a condition */
bool incident_worse_grade(struct incident *inc,
                          const struct grade *g); /* takes it when it is worse; was it? */
/* Its first row, its playbook, its first call. */
void incident_begin(struct engine *e, struct incident *inc, const struct cue_arg *arg);

struct member *member_find(struct incident *inc, const char *sensor);
struct member *member_add(struct engine *e, struct incident *inc, const char *sensor, const char *kind);
struct member *member_of_sensor(struct engine *e, struct incident *inc, const struct sensor *s);
void member_show(char to[VALUE_BYTES], const char *text); /* cut between characters */
void incident_add_members(struct engine *e, struct incident *inc,
                          struct instance *in); /* all that are true now */
/* What did not come, as a member: the open incident in which it stands as missed, or NULL; and that it came, or
 * that nobody waits for it any more. */
struct incident *incident_missing(const struct engine *e, const char *name, struct member **ret);
void incident_found(struct engine *e, const char *name, const char *who);
void incident_number_used(struct engine *e, int64_t number);
void incident_stale_again(struct incident *inc); /* stale: a member is lost */

#endif
