/* payload.h - the payload of one message, read by all its sensors: scanned,
 * and made a tree of only when it must be; converted at most once. */
#ifndef TOCSIN_PAYLOAD_H
#define TOCSIN_PAYLOAD_H

#include "intake/charset.h"
#include "intake/extract.h"

struct payload {
	const char *text;
	size_t len;
	char *converted;        /* owned, or NULL */
	struct json *doc;       /* NULL: not parsed, or refused */
	bool is_parsed, is_bad; /* doc is what it will be; it is no text at all */
	int scans;
};

void payload_init(struct payload *p, const char *text, size_t len);
void payload_convert(struct payload *p, const struct charset *charset);
void payload_fini(struct payload *p);

/* Trimmed. `ret->text` lives as long as the payload and ret. */
enum extract_result payload_get(struct payload *p, const struct value_path *path, struct extracted *ret);
/* What was got stood there as text, not as a number or word of JSON. */
bool payload_is_string(const struct payload *p, const struct value_path *path, const struct extracted *x);

#endif
