/* fault.h - fault points for tests, switched on by the environment variable
 * TOCSIN_FAULT="name,name=ARG,..." in builds with -DTOCSIN_FAULTS=ON; in every
 * other build they are constants and cost nothing. */
#ifndef TOCSIN_FAULT_H
#define TOCSIN_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef TOCSIN_FAULTS
/* Named in TOCSIN_FAULT; with an argument that begins with '/', only while that file exists. */
bool fault_on(const char *name);
/* What stands behind `name=`, NULL when not named; valid until this thread's next call. */
const char *fault_arg(const char *name);
/* A limit on the real clock: what stands behind `name=`, for tests on slow machines that are about something else. */
int64_t fault_ms(const char *name, int64_t usual_ms);
/* Dies if `text` has in it what stands behind `name=`. */
void fault_crash(const char *name, const char *text);
/* Guards: what stands between a fault and the harm it would do has a name, and
 * TOCSIN_GUARD_OFF=name takes it away, so that tests/fault/guards can show that
 * a test turns red without it. */
#define GUARD(name) fault_guard(#name)
bool fault_guard(const char *name);
#else
#define GUARD(name) true
static inline bool fault_on(const char *name)
{
	(void)name;
	return false;
}

static inline const char *fault_arg(const char *name)
{
	(void)name;
	return NULL;
}

static inline int64_t fault_ms(const char *name, int64_t usual_ms)
{
	(void)name;
	return usual_ms;
}

static inline void fault_crash(const char *name, const char *text)
{
	(void)name;
	(void)text;
}
#endif

/* What says of a broker, a peer or a program that it has failed: `patience=N` makes it N times as long, for tests
 * that are about something else on a machine that pauses. */
static inline int64_t fault_patient(int64_t usual_ms)
{
	return usual_ms * fault_ms("patience", 1);
}

/* What says so of the disk: where the store may be late for longer, this is as long. */
static inline int64_t fault_disk_ms(int64_t usual_ms)
{
	int64_t late_ms = fault_ms("store-late-ms", 0);

	return late_ms > usual_ms ? late_ms : usual_ms;
}

#endif
