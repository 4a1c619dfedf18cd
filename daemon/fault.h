/* fault.h - fault points for tests, switched on by the environment variable
 * TOCSIN_FAULT="name,name=ARG,..." in builds with -DTOCSIN_FAULTS=ON; in every
 * other build they are constants and cost nothing. */
#ifndef TOCSIN_FAULT_H
#define TOCSIN_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef TOCSIN_FAULTS
/* Named in TOCSIN_FAULT; with an argument that begins with '/', only while that file exists. */
bool fault_on(const char *name);
/* What stands behind `name=`, NULL when not named; valid until this thread's next call. */
const char *fault_arg(const char *name);
#else
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
#endif

#endif
