/* reply.h - what the other side said: many services answer 200 and put the
 * failure into the body. */
#ifndef TOCSIN_WEBHOOK_REPLY_H
#define TOCSIN_WEBHOOK_REPLY_H

#include "plugin.h"

/* A test: "/errcode=0", a JSON pointer and the text its value must have. */
int reply_test_is_valid(const char *test);
/* All of the tests hold of this body; one that is no JSON passes none. n 0: any body. */
int reply_passes(const char *body, size_t len, const struct plugin_value *tests);
/* One of them does. n 0: no. */
int reply_passes_any(const char *body, size_t len, const struct plugin_value *tests);
/* The whole number at a pointer, or -1. */
int64_t reply_number(const char *body, size_t len, const char *pointer);
/* One of "200", "2xx". */
int reply_status_is(long status, const struct plugin_value *wanted);
int reply_status_is_valid(const char *wanted);

#endif
