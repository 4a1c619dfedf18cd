/* template.h - a text with {{names}}: mustache, as far as a notice needs it.
 *
 *   {{name}}                 the value, escaped for where the text goes
 *   {{{name}}}               as it is; only of names that the table trusts
 *   {{#name}}...{{/name}}    when the value is not empty
 *   {{^name}}...{{/name}}    when it is
 *
 * A name the table does not have is an error when the text is read, not when
 * an alarm has to leave. */
#ifndef TOCSIN_WEBHOOK_TEMPLATE_H
#define TOCSIN_WEBHOOK_TEMPLATE_H

#include "../shared/text.h"

enum escape { ESCAPE_NONE, ESCAPE_JSON, ESCAPE_URL, ESCAPE_HEADER };
enum { TEMPLATE_NAMES_MAX = 64 };

struct template_name {
	const char *name;
	int is_trusted; /* may stand in {{{}}}: its value comes from the configuration, or is ready JSON */
};

struct template;

/* names end with a NULL. NULL, and a sentence in ret_error. */
struct template *template_read(const char *text, const struct template_name *names, char *ret_error,
                               size_t cap);
void template_free(struct template *t); /* NULL allowed */
int template_uses(const struct template *t, int name);
/* values[i]: of names[i], NULL as "". */
void template_fill(const struct template *t, const char *const *values, enum escape escape, struct text *out);

#endif
