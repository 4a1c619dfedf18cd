/* sensor_value.c - decode, scale and offset, and what goes with what. */
#include "language/sensor_value.h"
#include "language/tables.h"

#include "base/text.h"

#include <string.h>

#define FROM_WORD(A, T) T,
#define TYPE_WORD(A, T, N) T,
static const char *const from_words[] = {DECODE_FROM_LIST(FROM_WORD) NULL};
static const char *const type_words[] = {DECODE_TYPE_LIST(TYPE_WORD) NULL};

static const struct key decode_rows[] = {
    {"from", KEY_WORD, AT(struct decode, from, enum decode_from), .must = true, .words = from_words,
     .help = "how the bytes are written"},
    {"byte", KEY_INT, AT(struct decode, byte, int), .max = 4095,
     .help = "the first byte that counts, from 0"},
    {"bit", KEY_INT, AT(struct decode, bit, int), .max = 7,
     .help = "a bit of that byte, 0 the lowest; the value is then 0 or 1"},
    {"type", KEY_WORD, AT(struct decode, type, enum decode_type), .words = type_words,
     .help = "the number that begins there; default: u8"},
};
const struct table decode_keys = TABLE("sensor decode", decode_rows);

static void read_decode(struct reader *r, const struct node *node, struct decode *ret)
{
	const struct node *bit = node_get(node, "bit"), *type = node_get(node, "type");

	keys_read(r, &(struct entry){NULL, node}, &decode_keys, ret);
	if (!bit)
		ret->bit = -1;
	if (bit && type)
		complain(r, type, "a bit has no type: leave out 'bit' or 'type'");
}

static bool read_decimal(struct reader *r, const struct node *node, const char *name, int digits,
                         int64_t *ret)
{
	const char *text = scalar_text(r, node, name);

	if (!text)
		return false;
	if (decimal_parse(text, strlen(text), digits, ret))
		return true;
	complain(r, node, "'%s' must be a number, not '%s'", name, text);
	return false;
}

void value_nodes_read(struct reader *r, const struct value_nodes *nodes, struct sensor_def *ret)
{
	if (nodes->decode)
		read_decode(r, nodes->decode, &ret->decode);
	if (nodes->offset)
		read_decimal(r, nodes->offset, "offset", 3, &ret->offset_milli);
	if (nodes->scale && read_decimal(r, nodes->scale, "scale", 9, &ret->scale_nano) && !ret->scale_nano)
		complain(r, nodes->scale, "with a scale of 0 every number would be the same");
}

static const struct node *at_key(const struct entry *e, const char *key)
{
	const struct node *node = node_get(e->body, key);

	return node ? node : e->key;
}

void value_check(struct reader *r, const struct entry *e, const struct sensor_def *def)
{
	if (def->max_age_ms && !def->stamp.pointer) {
		complain(r, at_key(e, "max_age"), "'max_age' needs 'stamp': where the message says its time");
		advise(r, "stamp: /last_seen");
	}
	if (def->retained == RETAINED_NEWER && !def->max_age_ms) {
		complain(r, at_key(e, "retained"), "'retained: newer' needs 'max_age': newer than what");
		advise(r, "max_age: 10m, and stamp: where the message says its time");
	}
	if (def->missing && !def->value.pointer)
		complain(r, at_key(e, "missing"),
		         "'missing' needs 'value': a whole payload is never missing, an empty one is \"\"");
}
