/* quote.h - a step's text quotes what a record of its playbook holds:
 * "back at {substation.back_at}". Anything else in braces is just text. */
#ifndef TOCSIN_QUOTE_H
#define TOCSIN_QUOTE_H

#include "plan.h"

enum { QUOTE_BYTES = 65 };

struct quote {
	const char *at, *end; /* the braces; behind them */
	char step[QUOTE_BYTES], field[QUOTE_BYTES];
};

/* The next one from text on; false: there is none. */
bool quote_next(const char *text, struct quote *ret);
/* The step beside from that it names, of the same playbook or the same `run` of it: an index, or -1. */
int quote_step(const struct playbook *book, const struct step *from, const struct quote *q);

#endif
