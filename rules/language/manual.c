/* manual.c - the tables of keys in words: for the manual page and the screen. */
#include "language/reader.h"

#include <inttypes.h>
#include <string.h>

static const char *const type_words[] = {
    [KEY_TEXT] = "text",
    [KEY_ID] = "word",
    [KEY_TOPIC] = "topic",
    [KEY_FILTER] = "topic, + and # allowed",
    [KEY_BOOL] = "true or false",
    [KEY_INT] = "whole number",
    [KEY_DURATION] = "duration",
    [KEY_WORD] = "one word",
    [KEY_WORDS] = "one word or a list",
    [KEY_STRINGS] = "one text or a list",
    [KEY_LABEL] = "text, or {zh, en}",
    [KEY_POINTER] = "/pointer",
    [KEY_HOURS] = "hours, one or a list",
    [KEY_REF] = "an id",
    [KEY_REFS] = "an id or a list",
    [KEY_NODE] = "see its help",
};

static void add_duration(struct buf *out, int64_t ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	int i = 0;

	while (ms % units[i].ms)
		i++;
	buf_printf(out, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
}

void key_help(const struct key *key, struct buf *out)
{
	buf_str(out, key->help);
	if (key->type == KEY_INT)
		buf_printf(out, "; %" PRId64 " to %" PRId64, key->min, key->max);
	if (key->type == KEY_DURATION && key->min) {
		buf_str(out, key->max ? "; " : "; at least ");
		add_duration(out, key->min);
	}
	if (key->type == KEY_DURATION && key->max) {
		buf_str(out, key->min ? " to " : "; at most ");
		add_duration(out, key->max);
	}
	if (key->must)
		buf_str(out, "; required");
	if (key->fallback)
		buf_printf(out, "; default %s", key->fallback);
}

/* A sentence: a capital, unless it begins with a code, and a full stop. */
static void add_sentence(struct buf *out, const char *text)
{
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (word && (!text[word] || strchr(" ,;:", text[word])) && strncmp(text + word, "://", 3) != 0) {
		buf_char(out, (char)(text[0] - 'a' + 'A'));
		text++;
	}
	buf_printf(out, "%s%s\n", text, strlen(text) && text[strlen(text) - 1] == '.' ? "" : ".");
}

void manual_print(const struct table *t, struct buf *out)
{
	struct buf help = {0};

	buf_printf(out, ".\\\" keys: %s\n.Bl -tag -width clear_above -compact\n", t->name);
	for (int i = 0; i < t->n; i++) {
		buf_clear(&help);
		key_help(&t->keys[i], &help);
		buf_printf(out, ".It Cm %s\n", t->keys[i].name);
		add_sentence(out, buf_text(&help));
	}
	buf_str(out, ".El\n");
	buf_fini(&help);
}

void keys_print(struct buf *out)
{
	int n;
	const struct table *const *tables = language_keys(&n);

	for (int i = 0; i < n; i++) {
		buf_printf(out, "%s%s\n", i ? "\n" : "", tables[i]->name);
		for (int k = 0; k < tables[i]->n; k++) {
			const struct key *key = &tables[i]->keys[k];

			buf_printf(out, "  %-13s %-22s ", key->name, type_words[key->type]);
			key_help(key, out);
			buf_char(out, '\n');
		}
	}
}
