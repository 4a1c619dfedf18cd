/* scalar.c - one scalar of the file to a value of the type its key has. */
#include "language/reader.h"

#include "base/text.h"

#include <string.h>

const char *scalar_text(struct reader *r, const struct node *node, const char *what)
{
	if (node->kind != NODE_SCALAR) {
		complain(r, node, "'%s' must be one value, not a %s", what,
		         node->kind == NODE_MAP ? "map" : "list");
		return NULL;
	}
	if (!*node->text) {
		complain(r, node, "'%s' has no value", what);
		advise(r, "write %s: VALUE; a text that begins with # needs quotes", what);
		return NULL;
	}
	return node->text;
}

bool must_be_id(struct reader *r, const struct node *node)
{
	if (text_is_id(node->text))
		return true;
	complain(r, node, "'%s' is not an id: 1 to 64 of A-Z a-z 0-9 _ -", node->text);
	advise_full_width(r, node->text);
	return false;
}

bool number_read(struct reader *r, const struct node *node, int64_t *ret_milli, const char **ret_unit)
{
	const char *text = scalar_text(r, node, "a limit"), *unit;
	size_t n;

	if (!text)
		return false;
	n = strspn(text, "+-0123456789.");
	if ((text[n] == 'e' || text[n] == 'E') && text[n + 1] && strchr("+-0123456789", text[n + 1]))
		n += 2 + strspn(text + n + 2, "0123456789");
	if (!milli_parse(text, n, ret_milli)) {
		complain(r, node, "'%s' is not a number", text);
		if (!advise_full_width(r, text))
			advise(r, "write 25, 0.5 or a number with its sensor's unit: 25 %%LEL");
		return false;
	}
	unit = text + n + strspn(text + n, " ");
	if (*unit && strchr("0123456789+-.,;:_'\"/", *unit)) {
		complain(r, node, "'%s' is not a number with a unit", text);
		advise(r, "%s", *unit == ',' ? "the sign before decimals is a point: 0.5" : "write 25 or 25 %LEL");
		return false;
	}
	*ret_unit = *unit ? unit : NULL;
	return true;
}

/* -- MQTT -- */

int filter_check(struct reader *r, const struct node *node, const char *filter)
{
	int wildcards = 0;

	if (strlen(filter) > 65535 || !strncmp(filter, "$share/", 7)) {
		complain(r, node, "'%s' is not a topic that can be subscribed here", filter);
		return -1;
	}
	for (const char *at = filter; *at; at++) {
		bool alone = (at == filter || at[-1] == '/') && (!at[1] || at[1] == '/');

		if (*at != '+' && *at != '#')
			continue;
		wildcards++;
		if (!alone) {
			complain(r, node, "in a topic '%c' stands alone between slashes", *at);
			advise(r, "+ stands for one whole level, # for all that follow: plc/+/leak, plc/#");
			return -1;
		}
		if (*at == '#' && at[1]) {
			complain(r, node, "in a topic '#' can only be the last level");
			advise(r, "write + for a level in the middle");
			return -1;
		}
	}
	if (wildcards > 9) {
		complain(r, node, "a topic can have at most 9 wildcards");
		return -1;
	}
	return wildcards;
}

int captures_check(struct reader *r, const struct node *node, const char *pattern)
{
	int highest = 0;

	for (const char *at = strchr(pattern, '{'); at; at = strchr(at + 1, '{')) {
		if (at[1] < '1' || at[1] > '9' || at[2] != '}') {
			complain(r, node, "'%s': braces hold the number of a wildcard, {1} to {9}", pattern);
			return -1;
		}
		highest = at[1] - '0' > highest ? at[1] - '0' : highest;
	}
	return highest;
}
