/* fault.c - reads TOCSIN_FAULT; empty in builds without fault points. */
#include "fault.h"

#ifdef TOCSIN_FAULTS

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The text behind the name ("" when there is none), up to the next comma. */
static const char *find(const char *name, size_t *ret_len)
{
	const char *at = getenv("TOCSIN_FAULT");
	size_t n = strlen(name);

	for (; at && *at; at += *at == ',') {
		size_t len = strcspn(at, ",");

		if (len >= n && !strncmp(at, name, n) && (len == n || at[n] == '=')) {
			*ret_len = len - n;
			return at + n;
		}
		at += len;
	}
	return NULL;
}

const char *fault_arg(const char *name)
{
	static _Thread_local char arg[256];
	size_t len;
	const char *at = find(name, &len);

	if (!at)
		return NULL;
	if (len > 0) { /* the '=' */
		at++;
		len--;
	}
	if (len >= sizeof arg)
		len = sizeof arg - 1;
	memcpy(arg, at, len);
	arg[len] = 0;
	return arg;
}

bool fault_on(const char *name)
{
	const char *arg = fault_arg(name);

	return arg && (arg[0] != '/' || access(arg, F_OK) == 0);
}

int64_t fault_ms(const char *name, int64_t usual_ms)
{
	const char *arg = fault_arg(name);

	return arg ? strtoll(arg, NULL, 10) : usual_ms;
}

bool fault_guard(const char *name)
{
	const char *off = getenv("TOCSIN_GUARD_OFF");

	return !off || strcmp(off, name) != 0;
}

void fault_crash(const char *name, const char *text)
{
	const char *arg = fault_arg(name);

	if (arg && strstr(text, arg))
		abort();
}

#endif
