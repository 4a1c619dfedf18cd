/* fuzz_intake.c - any topic and payload ("topic\npayload"): readings stay
 * whole, and what has been told is no news when it is said again. */
#include "base/text.h"
#include "intake/intake.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof *(ARRAY)))
#define STRINGS(...) \
	{ \
		(const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})) \
	}
#define AT(...) .value = {.keys = STRINGS(__VA_ARGS__)}
#define WHOLE .value = {.whole = true}
#define WORDS .words = words, .n_words = COUNT(words)
#define ONLINE(TOPIC) \
	.availability = {TOPIC, WHOLE_PATH, STRINGS("online", "true"), STRINGS("offline", "false")}
#define WHOLE_PATH \
	{ \
		.whole = true \
	}

#define NOW_MS 1795426630000

static const struct word_set words[] = {
    {"alarm", STRINGS("true", "ON"), false},
    {"normal", STRINGS("false", "OFF", ""), false},
    {"fault", STRINGS("F", "-1"), false},
    {"test", STRINGS("test"), true},
};
static const struct zone zones[] = {{.id = "b2", .in = -1}};
static const char *const picks[] = {NULL, "tag0", NULL}, *const among[] = {NULL, "x"};
static const struct sensor_def sensors[] = {
    {.id = "json", .kind = "gas", .topic = "j", AT("a"), .unit = "%LEL", WORDS, ONLINE("j/availability")},
    {.id = "deep", .kind = "gas", .topic = "j", AT("ENERGY", "Current", "1"), .unit = "A"},
    {.id = "tag", .kind = "gas", .topic = "j", AT("values", "tag0")},
    {.id = "picked",
     .kind = "gas",
     .topic = "j",
     .value = {.pointer = "/", .keys = STRINGS("tags", "name", "value"), .picks = picks},
     .missing = "-"},
    {.id = "among",
     .kind = "gas",
     .topic = "j",
     .value = {.pointer = "/", .keys = STRINGS("e", ""), .picks = among},
     WORDS},
    {.id = "bytes",
     .kind = "gas",
     .topic = "j",
     AT("data"),
     .decode = {DECODE_BASE64, DECODE_U32LE, .byte = 2, .bit = -1},
     .scale_nano = -12345678901,
     .offset_milli = 7,
     .stamp = {.pointer = "/", .keys = STRINGS("t")},
     .max_age_ms = 1000},
    {.id = "bit", .kind = "gas", .topic = "r", WHOLE, .decode = {DECODE_HEX, DECODE_U8, .byte = 1, .bit = 7}},
    {.id = "panel", .kind = "gas", .topic = "r", WHOLE, .encoding = ENCODING_GB18030, .off_delay_ms = 1000},
    {.id = "root", .kind = "gas", .topic = "j"},
    {.id = "raw", .kind = "gas", .topic = "r", WHOLE},
    {.id = "word", .kind = "gas", .topic = "r", WHOLE, WORDS},
    {.id = "f-{1}",
     .kind = "gas",
     .zone = -1,
     .zone_pattern = "{1}",
     .topic = "f/+",
     WHOLE,
     .is_family = true,
     ONLINE("f/{1}/online")},
    {.id = "g-{2}",
     .kind = "gas",
     .zone = -1,
     .zone_pattern = "{1}",
     .topic = "g/+/#",
     WHOLE,
     .is_family = true,
     ONLINE("g-online/{1}")},
    {.id = "any-{1}", .kind = "gas", .topic = "#", WHOLE, .is_family = true},
};
static const char *const kind = "gas";
static const struct cond kids[] = {
    {.op = COND_TEST,
     .sensor = -1,
     .kinds = {&kind, 1},
     .zone = -1,
     .test = {.op = TEST_ABOVE, .limit_milli = 10000, .clear_milli = 5000}},
    {.op = COND_TEST,
     .sensor = -1,
     .kinds = {&kind, 1},
     .zone = -1,
     .test = {.op = TEST_HAS_WORD, .words = STRINGS("OB", "alarm")}},
};
static const struct grade grades[] = {{.id = "", .when = {.op = COND_ANY, .kids = kids, .n_kids = 2}}};
static const struct incident_type types[] = {{.id = "gas-leak", .grades = grades, .n_grades = 1}};
static const struct plan plan = {.zones = zones,
                                 .n_zones = 1,
                                 .sensors = sensors,
                                 .n_sensors = COUNT(sensors),
                                 .types = types,
                                 .n_types = 1};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct intake_result *r)
{
	must(r->n >= 0 && r->n <= INTAKE_READINGS_MAX && r->bad <= (unsigned)r->n);
	for (int i = 0; i < r->n; i++) {
		const struct reading *x = &r->readings[i];

		must(x->def >= 0 && x->def < COUNT(sensors) && x->zone < plan.n_zones);
		must(strlen(x->text) < VALUE_BYTES && utf8_valid(x->text, strlen(x->text)));
		must(utf8_valid(x->word, strlen(x->word)) && utf8_valid(x->sensor, strlen(x->sensor)));
	}
}

/* Every message of a source that never says it is over is news. */
static bool has_event(const struct intake_result *r)
{
	for (int i = 0; i < r->n; i++)
		if (sensors[r->readings[i].def].off_delay_ms && r->readings[i].kind == READING_VALUE)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct intake_result result;
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t topic_len = line ? (size_t)(line - data) : size, len = line ? size - topic_len - 1 : 0;
	char *topic = malloc(topic_len + 1), *payload = malloc(len ? len : 1);
	struct message m = {.topic = topic, .payload = payload, .len = len, .qos = 1, .at_ms = NOW_MS};
	struct intake *in = intake_new(&plan);

	memcpy(topic, data, topic_len);
	topic[topic_len] = 0;
	if (len)
		memcpy(payload, line + 1, len);
	intake_read(in, &m, 5, &result);
	check(&result);
	must(result.is_news == (result.n > 0 || result.n_more > 0)); /* everything is wanted at the start */
	intake_told(in, &result);
	intake_read(in, &m, 6, &result);
	check(&result);
	intake_told(in, &result);
	intake_read(in, &m, 7, &result);
	must(!result.is_news || has_event(&result));
	intake_free(in);
	free(topic);
	free(payload);
	return 0;
}
