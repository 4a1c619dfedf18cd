/* command.c - what people send: text as typed on a phone, or JSON. The letters
 * of VERB_LIST say which arguments a verb takes; one table says where each
 * goes and what JSON calls it. */
#include "intake/intake.h"

#include "base/text.h"
#include "intake/extract.h"

#include <string.h>
#include <strings.h>

enum { PAYLOAD_MAX = 4096, REQ_MAX = 64, PHOTO_MAX = 160, ID_DIGITS_MAX = 15, DURATION_MAX_S = 1000000000 };

/* How an argument is read. */
enum take { TAKE_TEXT, TAKE_ID, TAKE_NUMBER, TAKE_DURATION, TAKE_SPAN, TAKE_PAIRS, TAKE_WORDS };

static const struct argument {
	char letter;
	bool required;
	enum take take;
	const char *json;
	size_t offset; /* of the field in struct command, where it is one text or number */
} arguments[] = {
    {'I', true, TAKE_ID, "id", 0},
    {'o', false, TAKE_ID, "id", 0},
    {'t', true, TAKE_TEXT, "type", offsetof(struct command, type)},
    {'z', true, TAKE_TEXT, "zone", offsetof(struct command, zone)},
    {'s', true, TAKE_TEXT, "step", offsetof(struct command, step)},
    {'c', true, TAKE_TEXT, "choice", offsetof(struct command, choice)},
    {'a', true, TAKE_TEXT, "actuator", offsetof(struct command, actuator)},
    {'x', true, TAKE_TEXT, "action", offsetof(struct command, action)},
    {'p', true, TAKE_TEXT, "person", offsetof(struct command, person)},
    {'n', false, TAKE_TEXT, "channel", offsetof(struct command, channel)},
    {'r', false, TAKE_TEXT, "role", offsetof(struct command, role)},
    {'R', true, TAKE_TEXT, "role", offsetof(struct command, role)},
    {'f', false, TAKE_TEXT, "from", offsetof(struct command, starts)},
    {'u', false, TAKE_TEXT, "until", offsetof(struct command, ends)},
    {'F', true, TAKE_NUMBER, "from", offsetof(struct command, from)},
    {'T', true, TAKE_NUMBER, "to", offsetof(struct command, to)},
    {'D', true, TAKE_DURATION, "for_s", offsetof(struct command, for_ms)},
    {'d', false, TAKE_SPAN, "since", offsetof(struct command, for_ms)},
    {'h', true, TAKE_TEXT, "hazard", offsetof(struct command, hazard)},
    {'m', true, TAKE_TEXT, "permit", offsetof(struct command, permit)},
    {'g', true, TAKE_TEXT, "watch", offsetof(struct command, person)},
    {'N', true, TAKE_TEXT, "name", offsetof(struct command, name)},
    {'y', true, TAKE_TEXT, "action", offsetof(struct command, action)},
    {'q', false, TAKE_TEXT, "zone", offsetof(struct command, zone)},
    {'k', true, TAKE_PAIRS, "values", 0},
    {'w', false, TAKE_WORDS, "note", offsetof(struct command, words)},
    {'W', true, TAKE_WORDS, "note", offsetof(struct command, words)},
};

static const struct argument *argument_of(char letter)
{
	const struct argument *a = arguments;

	while (a->letter != letter)
		a++;
	return a;
}

static const char **text_field(struct command *c, const struct argument *a)
{
	return (const char **)(void *)((char *)c + a->offset);
}

static int64_t *number_field(struct command *c, const struct argument *a)
{
	return (int64_t *)(void *)((char *)c + a->offset);
}

/* ------------------------------------------------- texts as people type them */

/* Bytes of the blank at `at`: ASCII, or the ideographic space of a Chinese keyboard. */
static size_t blank(const char *at)
{
	if (*at && strchr(" \t\r\n", *at))
		return 1;
	return !strncmp(at, "\xe3\x80\x80", 3) ? 3 : 0;
}

static const char *skip_blanks(const char *at)
{
	for (size_t n; (n = blank(at)) > 0;)
		at += n;
	return at;
}

static const char *token_end(const char *at)
{
	while (*at && !blank(at))
		at++;
	return at;
}

/* Full-width forms (U+FF01..U+FF5E) to ASCII, in place. */
static void fold_width(char *text)
{
	char *to = text;

	while (*text) {
		const unsigned char *c = (const unsigned char *)text;
		bool low = c[0] == 0xef && c[1] == 0xbc && c[2] >= 0x81;
		bool high = c[0] == 0xef && c[1] == 0xbd && c[2] <= 0x9e;

		if (low || high) {
			*to++ = (char)(low ? c[2] - 0x81 + '!' : c[2] - 0x80 + '`');
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = 0;
}

static const char *next_token(const char **at, struct arena *arena)
{
	const char *from = skip_blanks(*at), *end = token_end(from);
	char *token;

	*at = end;
	if (from == end)
		return NULL;
	token = arena_dup(arena, from, (size_t)(end - from));
	fold_width(token);
	return token;
}

static bool number_of(const char *text, int64_t *ret)
{
	size_t n = strspn(text, "0123456789");
	int64_t v = 0;

	if (!n || n > ID_DIGITS_MAX || text[n])
		return false;
	for (; *text; text++)
		v = v * 10 + (*text - '0');
	*ret = v;
	return true;
}

/* 30m, 1h30m, as people write it too: 2H, 30分钟. Without a unit, seconds where
 * is_seconds, else nothing: who writes 30 may mean minutes. */
static bool duration_of(const char *text, bool is_seconds, int64_t *ret_ms)
{
	static const struct {
		const char *word, *unit;
	} units[] = {{"小时", "h"}, {"分钟", "m"}, {"分", "m"}, {"天", "d"}, {"日", "d"}, {"秒", "s"}};
	char ascii[32];
	size_t n = 0;

	if (is_seconds && number_of(text, ret_ms) && *ret_ms <= DURATION_MAX_S) {
		*ret_ms *= 1000;
		return *ret_ms > 0;
	}
	while (*text) {
		size_t len = 1, unit = 0;

		for (; unit < sizeof units / sizeof *units; unit++)
			if (!strncmp(text, units[unit].word, strlen(units[unit].word)))
				break;
		if (unit < sizeof units / sizeof *units)
			len = strlen(units[unit].word);
		if (n == sizeof ascii - 1)
			return false;
		ascii[n++] = len > 1 ? *units[unit].unit : *text >= 'A' && *text <= 'Z' ? (char)(*text | 0x20) : *text;
		text += len;
	}
	ascii[n] = 0;
	return duration_parse(ascii, ret_ms) && *ret_ms > 0;
}

/* 17, G-17, g17. The letter only tells the hazard. */
static bool incident_of(const char *text, int64_t *ret)
{
	bool letter = false;

	for (int h = 0; h < HAZARD_COUNT && *text; h++)
		letter |= (*text & ~0x20) == hazard_letter((enum hazard)h);
	if (letter && *++text == '-')
		text++;
	return number_of(text, ret) && *ret > 0;
}

static void set_id(struct command *c, const struct argument *a, const char *written, struct arena *arena)
{
	char *text = arena_str(arena, written);

	fold_width(text);
	if (!a->required && (!strcasecmp(text, "all") || !strcmp(text, "全部")))
		c->all = true;
	else if (!incident_of(text, &c->id))
		c->id_text = text;
}

static const char *rest_of(const char **at, struct arena *arena)
{
	const char *from = skip_blanks(*at), *end = from;

	for (const char *p = from; *p; p = skip_blanks(end))
		end = token_end(p);
	*at = from + strlen(from);
	return end == from ? NULL : arena_dup(arena, from, (size_t)(end - from));
}

/* key=value or key="several words" */
static bool next_pair(const char **at, struct pair *ret, struct arena *arena)
{
	const char *from = skip_blanks(*at), *equal = from, *value, *end;
	char *key;

	while (*equal && *equal != '=' && !blank(equal))
		equal++;
	if (*equal != '=' || equal == from)
		return false;
	value = equal + 1;
	end = *value == '"' ? strchr(value + 1, '"') : token_end(value);
	if (!end || (*value == '"' && end[1] && !blank(end + 1)))
		return false;
	*at = *value == '"' ? end + 1 : end;
	value += *value == '"';
	key = arena_dup(arena, from, (size_t)(equal - from));
	fold_width(key);
	*ret = (struct pair){key, arena_dup(arena, value, (size_t)(end - value))};
	return true;
}

static bool text_pairs(struct command *c, const char **at, struct arena *arena)
{
	enum { CAP = sizeof c->pairs / sizeof *c->pairs };

	while (*skip_blanks(*at))
		if (c->n_pairs == CAP || !next_pair(at, &c->pairs[c->n_pairs++], arena))
			return false;
	return c->n_pairs > 0;
}

/* What is no duration is left where it stands: the words after it. */
static void text_duration(struct command *c, const struct argument *a, const char **at, struct arena *arena)
{
	const char *from = *at, *token = next_token(at, arena);

	if (token && duration_of(token, false, number_field(c, a)))
		return;
	*number_field(c, a) = -1;
	*at = from;
}

static bool text_argument(struct command *c, const struct argument *a, const char **at, struct arena *arena)
{
	const char *token;

	if (a->take == TAKE_PAIRS)
		return text_pairs(c, at, arena);
	if (a->take == TAKE_DURATION) {
		text_duration(c, a, at, arena);
		return true;
	}
	token = a->take == TAKE_WORDS ? rest_of(at, arena) : next_token(at, arena);
	if (!token)
		return !a->required;
	if (a->take == TAKE_NUMBER)
		return number_of(token, number_field(c, a));
	if (a->take == TAKE_SPAN)
		return duration_of(token, false, number_field(c, a));
	if (a->take == TAKE_ID)
		set_id(c, a, token, arena);
	else
		*text_field(c, a) = token;
	return true;
}

/* People type what the notice shows: `done 17 scene` on the topic of done, too. */
static const char *skip_own_word(enum verb verb, const char *text, struct arena *arena)
{
	const char *at = text, *first = next_token(&at, arena);

	return first && !strcasecmp(first, verb_name(verb)) ? at : text;
}

/* An acknowledgement may begin with its own word, with or without a blank
 * after the Chinese one; alone, `1` and `ON` are one too. */
static const char *skip_ack_word(const char *text, struct arena *arena)
{
	static const char confirm[] = "确认";
	const char *at = text, *first = next_token(&at, arena);
	bool alone = !*skip_blanks(at);

	if (!strcasecmp(first, "ack") || (alone && (!strcmp(first, "1") || !strcasecmp(first, "on"))))
		return at;
	text = skip_blanks(text);
	return strncmp(text, confirm, sizeof confirm - 1) ? text : text + sizeof confirm - 1;
}

static bool parse_text(struct command *c, const char *text, struct arena *arena)
{
	text = c->verb == VERB_ACK ? skip_ack_word(text, arena) : skip_own_word(c->verb, text, arena);
	for (const char *letter = verb_args(c->verb); *letter; letter++)
		if (!text_argument(c, argument_of(*letter), &text, arena))
			return false;
	return !*skip_blanks(text);
}

/* ------------------------------------------------------------------ JSON */

/* Member as text; "" counts as missing. False: it is there, but no scalar. */
static bool member(const struct json *doc, const char *key, struct arena *arena, const char **ret)
{
	enum extract_result result = extract_member(doc, key, arena, ret);

	if (result != EXTRACT_VALUE || !**ret)
		*ret = NULL;
	return result != EXTRACT_UNREADABLE;
}

static bool json_argument(struct command *c, const struct argument *a, const struct json *doc,
                          struct arena *arena)
{
	const char *text;

	if (a->take == TAKE_PAIRS) {
		c->n_pairs = extract_pairs(doc, a->json, arena, c->pairs, sizeof c->pairs / sizeof *c->pairs);
		if (c->n_pairs < 0)
			c->n_pairs = 0;
		return c->n_pairs > 0;
	}
	if (!member(doc, a->json, arena, &text))
		return false;
	if (a->take == TAKE_DURATION) {
		if (!text || !duration_of(text, true, number_field(c, a)))
			*number_field(c, a) = -1;
		return true;
	}
	if (!text)
		return !a->required;
	if (a->take == TAKE_NUMBER)
		return number_of(text, number_field(c, a));
	if (a->take == TAKE_SPAN)
		return duration_of(text, false, number_field(c, a));
	if (a->take == TAKE_ID)
		set_id(c, a, text, arena);
	else
		*text_field(c, a) = text;
	return true;
}

/* An instruction from above, and whose word it is. */
static bool note_from(struct command *c, const struct json *doc, struct arena *arena)
{
	const char *instruction;

	if (!member(doc, "instruction", arena, &instruction) || !member(doc, "from", arena, &c->from_whom))
		return false;
	c->is_instruction = instruction && !strcmp(instruction, "true");
	return true;
}

/* What came in by a telephone: the number, and the text as it was typed. */
static bool by_phone(struct command *c, const struct json *doc, struct arena *arena, bool *ret_is_text)
{
	const char *text;

	*ret_is_text = false;
	if (!member(doc, "phone", arena, &c->phone))
		return false;
	if (!c->phone)
		return true;
	if (!member(doc, "text", arena, &text))
		return false;
	if (!text)
		return true;
	*ret_is_text = true;
	text = skip_blanks(text);
	return *text && parse_text(c, text, arena);
}

static bool parse_object(struct command *c, const struct json *doc, struct arena *arena)
{
	const char *req, *rev;
	bool good = member(doc, "req", arena, &req) && (!req || strlen(req) <= REQ_MAX);

	if (good)
		c->reply.req = req;
	good = member(doc, "rev", arena, &rev) && (!rev || number_of(rev, &c->rev)) && good;
	good = member(doc, "note", arena, &c->words) && good;
	good = member(doc, "photo", arena, &c->photo) && (!c->photo || strlen(c->photo) <= PHOTO_MAX) && good;
	good = (c->verb != VERB_NOTE || note_from(c, doc, arena)) && good;
	good = extract_strings(doc, "without", arena, &c->without) && good;
	if (good && c->verb == VERB_ACK) {
		bool is_text;

		good = by_phone(c, doc, arena, &is_text);
		if (is_text)
			return good;
	}
	for (const char *letter = verb_args(c->verb); good && *letter; letter++)
		good = json_argument(c, argument_of(*letter), doc, arena);
	return good;
}

static bool parse_json(struct command *c, const char *payload, size_t len, struct arena *arena)
{
	struct json *doc = extract_parse(payload, len);
	bool good = doc && extract_is_object(doc) && parse_object(c, doc, arena);

	extract_free(doc);
	return good;
}

/* ------------------------------------------------------------------------ */

static bool all_blank(const char *payload, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", payload[i]) || !payload[i])
			return false;
	return true;
}

bool command_parse(const char *user, const char *verb, const char *payload, size_t len, struct arena *arena,
                   struct event *ret_event)
{
	int v = verb_from(verb);
	struct command *c = &ret_event->command;
	const char *text;
	bool good;

	if (all_blank(payload, len))
		return false;
	memset(ret_event, 0, sizeof *ret_event);
	ret_event->kind = EVENT_COMMAND;
	c->verb = v < 0 ? VERB_COUNT : (enum verb)v;
	c->user = arena_str(arena, user);
	c->rev = -1;
	c->bad = REFUSAL_BAD_TEXT;
	if (len > PAYLOAD_MAX)
		c->bad = REFUSAL_TOO_BIG;
	if (v < 0 || len > PAYLOAD_MAX || !utf8_valid(payload, len))
		return true;
	text = skip_blanks(arena_dup(arena, payload, len));
	if (!*text)
		return false;
	good = *text == '{' ? parse_json(c, text, strlen(text), arena) : parse_text(c, text, arena);
	if (c->for_ms < 0)
		c->bad = REFUSAL_NO_END;
	else if (good)
		c->bad = REFUSAL_NONE;
	return true;
}
