/* test_profiles.c - every shipped profile against what its devices really
 * send. profiles/<profile>.txt holds the sensors as a user writes them, "---",
 * then the cases, one a line: [retained] SENSOR EXPECTED TOPIC PAYLOAD, in
 * groups. EXPECTED is a word, =NUMBER, or !seen !unreadable !fault (it says so
 * itself) !away !back !nothing. In the group "hostile" a line is SENSOR TOPIC
 * PAYLOAD with @ in the value's place, and whatever bad is put there must be
 * unreadable. */
#include "fixture.h"

#include "base/buf.h"
#include "base/text.h"
#include "language/language.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_MS 1795426800000 /* 2026-11-23T17:40:00+08:00 */
#define CASES SOURCE_DIR "/tests/unit/intake/profiles"
#define PROFILES SOURCE_DIR "/rules/profiles"
#define HEAD \
	"site: {id: plaza, timezone: Asia/Shanghai}\n" \
	"broker: {url: \"mqtt://127.0.0.1\"}\n" \
	"zones: {b2: {}, b2-kitchen: {in: b2}}\n" \
	"people: {li: {}}\n" \
	"roles: {duty: {holder: li}, maintenance: {holder: li}, shift-foreman: {holder: li}}\n" \
	"chains: {duty: {levels: [{call: duty, wait: 30s}]}}\n"

enum { FILES_MAX = 32, FILE_BYTES = 1 << 17, BIG = 1 << 20, DEEP = 40, BLOCKS_AT_LEAST = 12 };

static char *file_text(const char *folder, const char *name, const char *end)
{
	struct buf path = {0};
	char *text = calloc(1, FILE_BYTES);
	FILE *f;

	buf_printf(&path, "%s/%s%s", folder, name, end);
	f = fopen(buf_text(&path), "rb");
	if (!f)
		fail_msg("cannot open %s", buf_text(&path));
	assert_true(fread(text, 1, FILE_BYTES, f) < FILE_BYTES);
	fclose(f);
	buf_fini(&path);
	return text;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Names of the files of a folder that end so, without the end; sorted. */
static int names_of(const char *folder, const char *end, char ret[FILES_MAX][64])
{
	DIR *d = opendir(folder);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) && n < FILES_MAX;) {
		size_t len = strlen(e->d_name), tail = strlen(end);

		if (len > tail && !strcmp(e->d_name + len - tail, end))
			snprintf(ret[n++], 64, "%.*s", (int)(len - tail), e->d_name);
	}
	closedir(d);
	qsort(ret, (size_t)n, sizeof *ret, by_name);
	return n;
}

/* ------------------------------------------------------------- one house */

struct house {
	const char *file; /* of the cases */
	struct plan *plan;
	struct intake *in;
	int line;
	char group[32];
	int n_cases;
};

/* There are no incidents here that would look at the sensors; anything else is wrong. */
static bool is_faultless(const struct problems *p)
{
	for (int i = 0; i < p->n; i++)
		if (strncmp(p->at[i].text, "no incident looks at", strlen("no incident looks at")) != 0)
			return false;
	return true;
}

static const int64_t beginning_ms;
static const int32_t china_s = 8 * 3600;

/* The sensors, with every shipped profile; any problem fails. */
static struct plan *plan_with(const char *name, const char *yaml)
{
	struct source sources[FILES_MAX + 1];
	char names[FILES_MAX][64];
	struct problems problems;
	struct buf main = {0}, said = {0};
	struct plan *plan;
	int n = names_of(PROFILES, ".yaml", names);

	buf_printf(&main, "%s%s", HEAD, yaml);
	sources[0] = (struct source){name, buf_text(&main), strlen(buf_text(&main))};
	for (int i = 0; i < n; i++) {
		sources[i + 1].name = names[i];
		sources[i + 1].bytes = file_text(PROFILES, names[i], ".yaml");
		sources[i + 1].len = strlen(sources[i + 1].bytes);
	}
	problems_init(&problems);
	plan = language_read(sources, n + 1, &problems);
	problems_print(&problems, &said);
	if (!plan || !is_faultless(&problems))
		fail_msg("%s: %s", name, buf_text(&said));
	plan->tz = (struct tz){.n = 1, .at_ms = &beginning_ms, .offset_s = &china_s};
	problems_fini(&problems);
	for (int i = 0; i < n; i++)
		free((char *)sources[i + 1].bytes);
	buf_fini(&main);
	buf_fini(&said);
	return plan;
}

static const struct reading *hear(struct house *h, const char *sensor, const struct message *m)
{
	intake_read(h->in, m, 1000, &result);
	for (int i = 0; i < result.n; i++)
		if (!strcmp(result.readings[i].sensor, sensor))
			return &result.readings[i];
	return NULL;
}

static const char *kind_of(const struct reading *r)
{
	static const char *const kinds[] = {"a value", "!unreadable", "!away", "!back", "!seen"};

	if (!r)
		return "!nothing";
	return r->kind == READING_UNREADABLE && !strcmp(r->word, "fault") ? "!fault" : kinds[r->kind];
}

static void describe(const struct reading *r, struct buf *out)
{
	char number[32];

	buf_str(out, kind_of(r));
	if (!r)
		return;
	if (r->kind == READING_VALUE)
		buf_printf(out, " %s", r->word);
	if (r->kind == READING_VALUE && r->has_number)
		buf_printf(out, " =%s", milli_text(r->milli, number));
}

static bool is_as(const struct reading *r, const char *expected)
{
	char number[32];

	if (!r || r->kind != READING_VALUE)
		return !strcmp(expected, kind_of(r));
	if (*expected == '=')
		return r->has_number && !strcmp(milli_text(r->milli, number), expected + 1);
	return !strcmp(r->word, expected);
}

static void must_be(struct house *h, const char *sensor, const struct message *m, const char *expected)
{
	const struct reading *r = hear(h, sensor, m);
	struct buf got = {0};

	h->n_cases++;
	if (is_as(r, expected) && (!r || r->retained == m->retained))
		return;
	describe(r, &got);
	fail_msg("%s.txt:%d [%s] %s: expected %s, got %s: %s %.200s (%zu bytes)", h->file, h->line, h->group,
	         sensor, expected, buf_text(&got), m->topic, m->payload, m->len);
}

static void must_be_text(struct house *h, const char *sensor, const char *topic, const char *payload)
{
	const struct message m = {
	    .topic = topic, .payload = payload, .len = strlen(payload), .qos = 1, .at_ms = NOW_MS};

	must_be(h, sensor, &m, "!unreadable");
}

/* ------------------------------------------------------------ hostile ones */

/* In the place of a JSON value; of a text payload; of either where the sensor says words and measures nothing. */
static const char *const bad_json[] = {
    "null",
    "{}",
    "[]",
    "[true]",
    "[[1]]",
    "{\"value\":1}",
    "NaN",
    "Infinity",
    "1e999",
    "-1e999",
    "1e308",
    "\"\"",
    "\"xyzzy\"",
    "\"nan\"",
    "tru",
    "\"true",
    "0x1",
    "\"\\ud800\"",
    "\"\\u0000true\"",
    "\"\xff\"",
    "\"alarm normal\"",
};
static const char *const bad_text[] = {
    "xyzzy", "nan", "-nan", "inf",      "1e999",        "1e308",        "{", "{}", "[true]",
    "null",  "tru", "0x1",  "\xff\xfe", "alarm normal", "\xe7\x81\xab",
};
static const char *const bad_words[] = {"7", "-0.5", "1e3"};

static bool has_words_only(const struct house *h, const char *sensor)
{
	int i = plan_sensor(h->plan, sensor);

	return i >= 0 && !h->plan->sensors[i].unit;
}

static void put(struct house *h, const char *sensor, const char *topic, const char *pattern, const char *bad)
{
	const char *at = strchr(pattern, '@');
	struct buf b = {0};

	buf_add(&b, pattern, (size_t)(at - pattern));
	buf_printf(&b, "%s%s", bad, at + 1);
	must_be_text(h, sensor, topic, buf_text(&b));
	buf_fini(&b);
}

static void hostile_case(struct house *h, const char *sensor, const char *topic, const char *pattern)
{
	bool is_json = *pattern == '{' || *pattern == '[';
	const char *const *bad = is_json ? bad_json : bad_text;
	int n = is_json ? COUNT(bad_json) : COUNT(bad_text);

	if (!strchr(pattern, '@'))
		fail_msg("%s.txt:%d: no @ in the payload", h->file, h->line);
	for (int i = 0; i < n; i++)
		put(h, sensor, topic, pattern, bad[i]);
	for (int i = 0; has_words_only(h, sensor) && i < COUNT(bad_words); i++)
		put(h, sensor, topic, pattern, bad_words[i]);
}

/* A good payload cut at every byte; with a megabyte behind it; nested too deep. */
static void hurt(struct house *h, const char *sensor, const char *topic, const char *payload)
{
	size_t len = strlen(payload);
	char *big = malloc(BIG + 1);
	struct message m = {.topic = topic, .payload = payload, .qos = 1, .at_ms = NOW_MS};
	struct buf deep = {0};

	for (m.len = 0; *payload == '{' && m.len < len; m.len++)
		must_be(h, sensor, &m, "!unreadable");
	memset(big, ' ', BIG);
	memcpy(big, payload, len);
	big[BIG] = 0;
	must_be_text(h, sensor, topic, big);
	buf_str(&deep, *payload == '{' ? "{\"deep\":" : "");
	for (int i = 0; i < DEEP; i++)
		buf_char(&deep, '[');
	for (int i = 0; i < DEEP; i++)
		buf_char(&deep, ']');
	buf_printf(&deep, "%s%s", *payload == '{' ? "," : "", *payload == '{' ? payload + 1 : "");
	must_be_text(h, sensor, topic, buf_text(&deep));
	buf_fini(&deep);
	free(big);
}

/* ------------------------------------------------------------- case files */

static const char *const groups[] = {"alarm",   "clear", "test",     "fault",  "low battery",
                                     "offline", "stale", "retained", "hostile"};

/* The next word of a line, cut off; "" at its end. */
static char *word(char **at)
{
	char *from = *at + strspn(*at, " \t"), *to = from + strcspn(from, " \t");

	*at = *to ? to + 1 : to;
	*to = 0;
	return from;
}

static void one_case(struct house *h, char *line)
{
	struct message m = {.qos = 1, .at_ms = NOW_MS};
	const char *sensor = word(&line), *expected;

	m.retained = !strcmp(sensor, "retained");
	if (m.retained)
		sensor = word(&line);
	expected = strcmp(h->group, "hostile") ? word(&line) : "";
	m.topic = word(&line);
	m.payload = line + strspn(line, " \t");
	m.len = strlen(m.payload);
	if (plan_sensor(h->plan, sensor) < 0)
		fail_msg("%s.txt:%d: no sensor '%s'", h->file, h->line, sensor);
	if (!*expected) {
		hostile_case(h, sensor, m.topic, m.payload);
		return;
	}
	must_be(h, sensor, &m, expected);
	if (!strcmp(h->group, "alarm") && !m.retained)
		hurt(h, sensor, m.topic, m.payload);
}

/* Returns which of the groups it is. */
static unsigned begin_group(struct house *h, const char *line)
{
	snprintf(h->group, sizeof h->group, "%.*s", (int)strcspn(line + 1, "]"), line + 1);
	for (int i = 0; i < COUNT(groups); i++)
		if (!strcmp(groups[i], h->group))
			return 1u << i;
	fail_msg("%s.txt:%d: no group is called '%s'", h->file, h->line, h->group);
	return 0;
}

static void all_cases(struct house *h, char *text)
{
	unsigned seen = 0;

	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		h->line++;
		if (*line == '[')
			seen |= begin_group(h, line);
		else if (*line && *line != '#')
			one_case(h, line);
	}
	for (int i = 0; i < COUNT(groups); i++)
		if (!(seen & 1u << i))
			fail_msg("%s.txt: nothing is said of '%s'", h->file, groups[i]);
}

static void one_profile(void **state)
{
	struct house h = {.file = *state, .line = 2}; /* of the line after --- */
	char *text = file_text(CASES, h.file, ".txt"), *cases = strstr(text, "\n---\n");

	if (!cases)
		fail_msg("%s.txt: no line ---", h.file);
	*cases = 0;
	for (const char *c = text; *c; c++)
		h.line += *c == '\n';
	h.plan = plan_with(h.file, text);
	h.in = intake_new(h.plan);
	all_cases(&h, cases + strlen("\n---\n"));
	print_message("%s: %d messages\n", h.file, h.n_cases);
	intake_free(h.in);
	plan_free(h.plan);
	free(text);
}

static void each_has_cases(void **state)
{
	char profiles[FILES_MAX][64], cases[FILES_MAX][64];
	int n = names_of(PROFILES, ".yaml", profiles), n_cases = names_of(CASES, ".txt", cases);

	(void)state;
	for (int i = 0; i < n || i < n_cases; i++)
		assert_string_equal(i < n ? profiles[i] : "", i < n_cases ? cases[i] : "");
}

/* -------------------------------------------------------------- the guide */

static void guide_is_true(void **state)
{
	char *text = file_text(SOURCE_DIR "/contrib/doc", "sensors", ".md"), *at = text, *end, name[64];
	int n = 0;

	(void)state;
	for (; (at = strstr(at, "```yaml\n")); at = end + 1) {
		at += strlen("```yaml\n");
		end = strstr(at, "```");
		assert_non_null(end);
		*end = 0;
		snprintf(name, sizeof name, "sensors.md, block %d", ++n);
		plan_free(plan_with(name, at));
	}
	assert_true(n >= BLOCKS_AT_LEAST);
	free(text);
}

int main(void)
{
	static char names[FILES_MAX][64];
	struct CMUnitTest tests[FILES_MAX + 2] = {
	    cmocka_unit_test(each_has_cases),
	    cmocka_unit_test(guide_is_true),
	};
	int n = names_of(CASES, ".txt", names);

	for (int i = 0; i < n; i++)
		tests[i + 2] = (struct CMUnitTest){
		    .name = names[i], .test_func = one_profile, .initial_state = names[i]};
	return _cmocka_run_group_tests("profiles", tests, (size_t)n + 2, NULL, NULL);
}
