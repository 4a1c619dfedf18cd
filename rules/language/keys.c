/* keys.c - a map of the file into a struct, as its table says: unknown keys,
 * missing keys, wrong types, defaults. */
#include "language/reader.h"
#include "language/tables.h"

#include "base/text.h"

#include <inttypes.h>
#include <string.h>

#define LANG_WORD(A, T) T,
static const char *const lang_words[] = {LANG_LIST(LANG_WORD) NULL};

bool must_be_map(struct reader *r, const struct entry *e, const char *what)
{
	if (e->body->kind == NODE_MAP || node_is_empty(e->body))
		return true;
	what = what ? what : arena_printf(&r->arena, "'%s'", e->key->text);
	complain(r, e->body, "%s must be a map: {key: value, ...}", what);
	return false;
}

bool must_be_list(struct reader *r, const struct node *node, const char *what)
{
	if (node->kind == NODE_LIST)
		return true;
	complain(r, node, "'%s' must be a list: [one, two]", what);
	return false;
}

/* -- one value; each writes to `at` and says what it cannot take -- */

/* They look like quotes, and are part of the text. */
static void check_quotes(struct reader *r, const struct node *node, const char *text)
{
	static const char *const curly[] = {"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98", "\xef\xbc\x82"};

	for (int i = 0; i < 4; i++) {
		if (!node->is_plain || strncmp(text, curly[i], 3) != 0)
			continue;
		caution(r, node, "these quotes are part of the text: %s", text);
		advise_full_width(r, text);
	}
}

/* A text that many entries write alike: their kind, unit, profile. */
static const char *shared_text(struct reader *r, const char *text)
{
	int n = (int)(sizeof r->texts / sizeof *r->texts), at = r->n_texts % n;

	for (int i = 0; i < n && i < r->n_texts; i++)
		if (!strcmp(r->texts[i], text))
			return r->texts[i];
	r->texts[at] = arena_str(&r->plan->arena, text);
	r->n_texts++;
	return r->texts[at];
}

static bool read_text(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	const char *text = scalar_text(r, node, key->name);

	if (!text || (key->type == KEY_ID && !must_be_id(r, node)))
		return false;
	check_quotes(r, node, text);
	if (key->type == KEY_FILTER || key->type == KEY_TOPIC) {
		int wildcards = filter_check(r, node, text);

		if (wildcards < 0)
			return false;
		if (wildcards && key->type == KEY_TOPIC) {
			complain(r, node, "'%s' must be one topic, without wildcards", key->name);
			advise(r, "write the whole topic: a command goes to one device");
			return false;
		}
	}
	*(const char **)at = key->type == KEY_FILTER || key->type == KEY_TOPIC
	                         ? arena_str(&r->plan->arena, text)
	                         : shared_text(r, text);
	return true;
}

static bool read_bool(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
	const char *text = scalar_text(r, node, key->name);

	for (int i = 0; text && i < 3; i++) {
		if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
			continue;
		*(bool *)at = !strcmp(text, yes[i]);
		if (i > 0)
			caution(r, node, "ambiguous word '%s': write true or false", text);
		return true;
	}
	if (text) {
		complain(r, node, "'%s' must be true or false, not '%s'", key->name, text);
		advise(r, "write true or false, in small letters, without quotes");
	}
	return false;
}

static bool read_int(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	const char *text = scalar_text(r, node, key->name);
	int64_t milli;

	if (!text)
		return false;
	if (!milli_parse(text, strlen(text), &milli) || milli % 1000 || milli / 1000 < key->min ||
	    milli / 1000 > key->max) {
		complain(r, node, "'%s' must be a whole number from %" PRId64 " to %" PRId64 ", not '%s'",
		         key->name, key->min, key->max, text);
		return false;
	}
	*(int *)at = (int)(milli / 1000);
	return true;
}

static const char *duration_text(struct reader *r, int64_t ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};

	for (int i = 0; i < 4; i++)
		if (ms && ms % units[i].ms == 0)
			return arena_printf(&r->arena, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
	return arena_printf(&r->arena, "%" PRId64 "ms", ms);
}

static bool read_duration(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	const char *text = scalar_text(r, node, key->name);
	int64_t ms, max = key->max ? key->max : 366 * 86400000LL;

	if (!text)
		return false;
	if (!duration_parse(text, &ms)) {
		complain(r, node, "'%s' must be a duration, not '%s'", key->name, text);
		if (!text[strspn(text, "0123456789")])
			advise(r, "a unit is missing: %ss are seconds, %sm minutes, %sh hours", text, text, text);
		else if (!advise_full_width(r, text))
			advise(r, "write 250ms, 3s, 5m, 1h or 2d");
		return false;
	}
	if (ms < key->min || ms > max) {
		complain(r, node, "'%s' must be from %s to %s, not '%s'", key->name,
		         duration_text(r, key->min), duration_text(r, max), text);
		return false;
	}
	*(int64_t *)at = ms;
	return true;
}

static int word_index(struct reader *r, const struct key *key, const struct node *node)
{
	const char *text = scalar_text(r, node, key->name), *list = "";
	struct nearest near = {.word = text};

	for (int i = 0; text && key->words[i]; i++)
		if (!strcmp(key->words[i], text))
			return i;
	if (!text)
		return -1;
	for (int i = 0; key->words[i]; i++) {
		nearest_try(&near, key->words[i]);
		list = arena_printf(&r->arena, "%s%s%s", list, i ? ", " : "", key->words[i]);
	}
	complain(r, node, "'%s' cannot be '%s'", key->name, text);
	if (near.best)
		advise_nearest(r, &near);
	else
		advise(r, "one of: %s", list);
	return -1;
}

static bool read_word(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	int i = word_index(r, key, node);

	if (i >= 0)
		*(int *)at = i;
	return i >= 0;
}

/* The nodes of "one value or a list of them". */
static const struct node *const *one_or_list(const struct node *const *node, int *ret_n)
{
	bool is_list = (*node)->kind == NODE_LIST;

	*ret_n = is_list ? (*node)->n : 1;
	return is_list ? (*node)->items : node;
}

static bool read_words(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	int n;
	const struct node *const *items = one_or_list(&node, &n);
	unsigned bits = 0;
	bool ok = true;

	for (int i = 0; i < n; i++) {
		int word = word_index(r, key, items[i]);

		ok = ok && word >= 0;
		bits |= word >= 0 ? 1u << word : 0;
	}
	*(unsigned *)at = bits;
	return ok;
}

static const struct strings *shared_list(const struct reader *r, const struct node *const *items, int n)
{
	for (int i = 0; i < SHARED_MAX && i < r->n_lists; i++) {
		const struct strings *list = &r->lists[i];
		int same = 0;

		while (list->n == n && same < n && items[same]->kind == NODE_SCALAR &&
		       !strcmp(items[same]->text, list->at[same]))
			same++;
		if (same == n)
			return list;
	}
	return NULL;
}

static bool read_strings(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	int n;
	const struct node *const *items = one_or_list(&node, &n);
	const struct strings *shared = n ? shared_list(r, items, n) : NULL;
	const char **texts;
	struct strings *ret = at;
	bool ok = true;

	if (!n) {
		complain(r, node, "'%s' is an empty list", key->name);
		return false;
	}
	texts = shared ? NULL : arena_alloc(&r->plan->arena, (size_t)n * sizeof *texts);
	for (int i = 0; i < n; i++) {
		const char *text = scalar_text(r, items[i], key->name);

		ok = ok && text;
		if (text)
			check_quotes(r, items[i], text);
		if (texts)
			texts[i] = text ? arena_str(&r->plan->arena, text) : "";
	}
	*ret = shared ? *shared : (struct strings){texts, n};
	if (ok && !shared)
		r->lists[r->n_lists++ % SHARED_MAX] = *ret;
	return ok;
}

/* {zh: one, two, en: three}: the comma has ended the text, and what follows it
 * has become a key without a value. */
static bool is_cut(const struct pair *p)
{
	return p->key->is_plain && node_is_empty(p->value) && lang_from(p->key->text) < 0;
}

static const char *rejoin(struct reader *r, const char *text, const struct pair *rest)
{
	caution(r, rest->key, "a comma has ended the text before this");
	advise(r, "put the text in quotes; it is read as \"%s,%s\"", text, rest->key->text);
	return arena_printf(&r->plan->arena, "%s,%s", text, rest->key->text);
}

static bool read_label(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	struct text *ret = at;
	const char *any = NULL, **last = NULL;
	bool ok = true;

	if (node->kind == NODE_SCALAR) {
		any = scalar_text(r, node, key->name);
		ret->in[LANG_ZH] = ret->in[LANG_EN] = arena_str(&r->plan->arena, any ? any : "");
		return any != NULL;
	}
	if (node->kind == NODE_LIST || !node->n) {
		complain(r, node, "'%s' must be a text or {zh: ..., en: ...}", key->name);
		return false;
	}
	*ret = (struct text){{NULL}};
	for (int i = 0; i < node->n; i++) {
		const struct key lang = {.name = key->name, .words = lang_words};
		const struct node *text;
		int which;

		if (i && is_cut(&node->pairs[i]) && any) {
			any = *last = rejoin(r, *last, &node->pairs[i]);
			continue;
		}
		which = word_index(r, &lang, node->pairs[i].key);
		text = node->pairs[i].value;
		ok = ok && which >= 0 && scalar_text(r, text, node->pairs[i].key->text);
		if (which < 0 || text->kind != NODE_SCALAR)
			continue;
		last = &ret->in[which];
		any = *last = arena_str(&r->plan->arena, text->text);
	}
	for (int i = 0; i < LANG_COUNT; i++)
		ret->in[i] = ret->in[i] ? ret->in[i] : any ? any : "";
	return ok;
}

/* ~1 is a slash, ~0 a tilde; false for any other ~. */
static bool unescape(char *token)
{
	char *to = token;

	for (; *token; token++, to++) {
		*to = *token;
		if (*token != '~')
			continue;
		if (token[1] != '0' && token[1] != '1')
			return false;
		*to = *++token == '1' ? '/' : '~';
	}
	*to = 0;
	return true;
}

/* [key=text] chooses an element of an array, [=text] asks whether it is in one.
 * The token keeps the key. False: neither, nor a key. */
static bool split_pick(char *token, const char **ret_text)
{
	size_t len = strlen(token);
	char *equals = strchr(token, '=');

	*ret_text = NULL;
	if (token[0] != '[')
		return true;
	if (token[len - 1] != ']' || !equals)
		return false;
	token[len - 1] = 0;
	*equals = 0;
	*ret_text = equals + 1;
	memmove(token, token + 1, strlen(token));
	return true;
}

static bool read_token(struct reader *r, const struct node *node, char *token, const char **ret_pick)
{
	if (!unescape(token)) {
		complain(r, node, "in a JSON pointer '~' is written ~0 and '/' within a key ~1");
		return false;
	}
	if (split_pick(token, ret_pick))
		return true;
	complain(r, node, "'%s' is neither a key nor [key=text]", token);
	advise(r, "[name=pressure] chooses the array's element with that name, [=flood] asks whether the text "
	          "is in the array, /0 is its first element; a '/' within is written ~1");
	return false;
}

static bool shared_path(const struct reader *r, const char *text, struct value_path *ret)
{
	for (int i = 0; i < SHARED_MAX && i < r->n_paths; i++)
		if (!strcmp(r->paths[i].pointer, text)) {
			*ret = r->paths[i];
			return true;
		}
	return false;
}

static bool read_pointer(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	const char *text = scalar_text(r, node, key->name), *from;
	struct value_path *ret = at;
	const char **keys, **picks;
	bool has_picks = false;
	int n = 0;

	if (!text)
		return false;
	if (shared_path(r, text, ret))
		return true;
	if (text[0] != '/') {
		complain(r, node, "'%s' must be a JSON pointer: it begins with '/'", key->name);
		advise(r, "write /%s, or leave '%s' out when the payload is plain text", text, key->name);
		return false;
	}
	keys = arena_alloc(&r->plan->arena, (strlen(text) + 1) * sizeof *keys);
	picks = arena_alloc(&r->arena, (strlen(text) + 1) * sizeof *picks);
	for (from = text; *from == '/';) {
		size_t len = strcspn(from + 1, "/");
		char *token = arena_dup(&r->plan->arena, from + 1, len);

		if (!read_token(r, node, token, &picks[n]))
			return false;
		has_picks |= picks[n] != NULL;
		keys[n++] = token;
		from += 1 + len;
		if (picks[n - 1] && !*token && *from) {
			complain(r, node, "[=%s] is the last of a pointer: it says true or false", picks[n - 1]);
			return false;
		}
	}
	*ret = (struct value_path){.pointer = arena_str(&r->plan->arena, text), .keys = {keys, n}};
	if (has_picks) {
		const char **kept = arena_alloc(&r->plan->arena, (size_t)n * sizeof *kept);

		memcpy(kept, picks, (size_t)n * sizeof *kept);
		ret->picks = kept;
	}
	r->paths[r->n_paths++ % SHARED_MAX] = *ret;
	return true;
}

static bool read_ref(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	if (!scalar_text(r, node, key->name))
		return false;
	*(int *)at = key->is_soft ? role_wanted(r, node) : entry_refer(r, key->section, node);
	return *(int *)at >= 0;
}

static bool read_refs(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	int n, found = 0;
	const struct node *const *items = one_or_list(&node, &n);
	int *refs = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *refs);

	for (int i = 0; i < n; i++)
		found += read_ref(r, key, items[i], &refs[found]);
	*(struct ids *)at = (struct ids){refs, found};
	return found == n;
}

static bool read_hours(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	int n, found = 0;
	const struct node *const *items = one_or_list(&node, &n);
	struct hours *hours = arena_alloc(&r->plan->arena, (size_t)(n + 1) * sizeof *hours);

	for (int i = 0; i < n; i++) {
		const char *text = scalar_text(r, items[i], key->name);

		if (text && hours_parse(text, &hours[found])) {
			found++;
		} else if (text) {
			complain(r, items[i], "'%s' are no hours", text);
			advise(r, "write \"22:00-06:00\", \"mon-fri 08:00-18:00\" or \"sat,sun 00:00-24:00\"");
		}
	}
	if (!n)
		complain(r, node, "'%s' has no hours", key->name);
	*(struct schedule *)at = (struct schedule){hours, found};
	return n && found == n;
}

static bool read_node(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	(void)r;
	(void)key;
	*(const struct node **)at = node;
	return true;
}

static bool (*const readers[])(struct reader *, const struct key *, const struct node *, void *) = {
    [KEY_TEXT] = read_text,         [KEY_ID] = read_text,     [KEY_TOPIC] = read_text,
    [KEY_FILTER] = read_text,       [KEY_BOOL] = read_bool,   [KEY_INT] = read_int,
    [KEY_DURATION] = read_duration, [KEY_WORD] = read_word,   [KEY_WORDS] = read_words,
    [KEY_STRINGS] = read_strings,   [KEY_LABEL] = read_label, [KEY_POINTER] = read_pointer,
    [KEY_HOURS] = read_hours,       [KEY_REF] = read_ref,     [KEY_REFS] = read_refs,
    [KEY_NODE] = read_node,
};

bool value_read(struct reader *r, const struct key *key, const struct node *node, void *at)
{
	return readers[key->type](r, key, node, at);
}

/* -- a map -- */

/* {name：大厅}: to YAML one long key. */
static bool glued(struct reader *r, const struct table *t, const char *text)
{
	static const char wide[] = "：";
	const char *sign = strstr(text, wide);

	for (int i = 0; sign && i < t->n; i++)
		if (strlen(t->keys[i].name) == (size_t)(sign - text) &&
		    !strncmp(t->keys[i].name, text, (size_t)(sign - text))) {
			advise(r, "here stands a full-width '%s': type an ordinary ':' and a space", wide);
			return true;
		}
	return false;
}

static void advise_keys(struct reader *r, const struct table *t)
{
	const char *list = "";

	for (int i = 0; i < t->n; i++)
		list = arena_printf(&r->arena, "%s%s%s", list, i ? ", " : "", t->keys[i].name);
	advise(r, "known keys: %s", list);
}

static void unknown_key(struct reader *r, const struct table *t, const struct node *node)
{
	struct nearest near = {.word = node->text};

	for (int i = 0; i < t->n; i++)
		nearest_try(&near, t->keys[i].name);
	complain(r, node, "unknown key '%s' in %s %s", node->text, strchr("aeiou", t->name[0]) ? "an" : "a",
	         t->name);
	if (glued(r, t, node->text))
		return;
	if (near.best)
		advise_nearest(r, &near);
	else if (!advise_full_width(r, node->text))
		advise_keys(r, t);
}

static void defaults(struct reader *r, const struct table *t, void *out)
{
	for (int i = 0; i < t->n; i++) {
		const struct key *key = &t->keys[i];
		const struct node node = {.is_plain = true, .mark = {-1, 0, 0}, .text = key->fallback};

		if (key->type == KEY_REF)
			*(int *)(void *)((char *)out + key->at) = -1;
		if (key->fallback)
			value_read(r, key, &node, (char *)out + key->at);
	}
}

static const struct key *find_key(const struct table *t, const char *name)
{
	for (int i = 0; i < t->n; i++)
		if (t->keys[i].name[0] == name[0] && !strcmp(t->keys[i].name, name))
			return &t->keys[i];
	return NULL;
}

static bool read_pair(struct reader *r, const struct table *t, const struct pair *pair, void *out)
{
	const struct key *key = find_key(t, pair->key->text);

	if (key)
		return value_read(r, key, pair->value, (char *)out + key->at);
	unknown_key(r, t, pair->key);
	return false;
}

/* Of these a part may stand in another file. */
static bool is_spread(const struct table *t)
{
	return t == &incident_keys || t == &interlock_keys || t == &site_keys || t == &broker_keys;
}

bool keys_read(struct reader *r, const struct entry *e, const struct table *t, void *out)
{
	bool ok = true;

	defaults(r, t, out);
	if (!must_be_map(r, e, e->key ? NULL : t->name)) {
		advise_keys(r, t);
		return false;
	}
	for (int i = 0; i < e->body->n; i++)
		ok = read_pair(r, t, &e->body->pairs[i], out) && ok;
	for (int i = 0; i < t->n && !(r->is_broken && is_spread(t)); i++) {
		const struct node *owner = e->key ? e->key : e->body;

		if (!t->keys[i].must || node_get(e->body, t->keys[i].name))
			continue;
		if (e->key)
			complain(r, owner, "%s '%s' needs '%s'", t->name, owner->text, t->keys[i].name);
		else
			complain(r, owner, "%s needs '%s'", t->name, t->keys[i].name);
		advise(r, "%s: %s", t->keys[i].name, t->keys[i].help);
		ok = false;
	}
	return ok;
}
