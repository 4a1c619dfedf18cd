#include "intake/payload.h"

#include "base/text.h"
#include "intake/meaning.h"
#include "intake/scan.h"

#include <stdlib.h>

enum { SCANS_MAX = 4 }; /* of one message; then a tree is cheaper */

void payload_init(struct payload *p, const char *text, size_t len)
{
	*p = (struct payload){.text = text, .len = len};
}

void payload_convert(struct payload *p, const struct charset *charset)
{
	if (p->len <= EXTRACT_BYTES_MAX)
		p->converted = charset_utf8(charset, p->text, p->len, &p->len);
	p->is_bad = !p->converted;
	p->text = p->converted;
}

void payload_fini(struct payload *p)
{
	extract_free(p->doc);
	free(p->converted);
}

static enum extract_result from_json(struct payload *p, const struct value_path *path, struct extracted *ret)
{
	enum extract_result result;

	if (!p->is_parsed && p->scans++ < SCANS_MAX && scan_value(p->text, p->len, path, ret, &result))
		return result;
	if (!p->is_parsed)
		p->doc = extract_parse_device(p->text, p->len);
	p->is_parsed = true;
	return p->doc ? extract_value(p->doc, path, ret) : EXTRACT_UNREADABLE;
}

enum extract_result payload_get(struct payload *p, const struct value_path *path, struct extracted *ret)
{
	enum extract_result result = EXTRACT_VALUE;

	ret->text = p->text;
	ret->len = p->len;
	if (p->is_bad)
		return EXTRACT_UNREADABLE;
	if (!path->whole)
		result = from_json(p, path, ret);
	else if (p->len > EXTRACT_BYTES_MAX || !utf8_valid(p->text, p->len))
		result = EXTRACT_UNREADABLE;
	if (result == EXTRACT_VALUE)
		meaning_trim(&ret->text, &ret->len);
	return result;
}

bool payload_is_string(const struct payload *p, const struct value_path *path, const struct extracted *x)
{
	bool is_inside = x->text > p->text && x->text < p->text + p->len;

	return path->whole || (is_inside ? x->text[-1] == '"' : x->text != x->number);
}
