/* fixture.h - small plans written by hand, so that intake is tested without the language. */
#ifndef TOCSIN_TEST_FIXTURE_H
#define TOCSIN_TEST_FIXTURE_H

#include "intake/intake.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(ARRAY) ((int)(sizeof(ARRAY) / sizeof *(ARRAY)))
#define STRINGS(...) \
	{ \
		(const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})) \
	}
#define AT(...) \
	{ \
		.keys = STRINGS(__VA_ARGS__) \
	}
#define WHOLE \
	{ \
		.whole = true \
	}
#define WORDS(SETS) .words = SETS, .n_words = COUNT(SETS)

static const struct word_set z2m_words[] = {
    {"alarm", STRINGS("true", "ON", "alarm", "yes"), false},
    {"normal", STRINGS("false", "OFF", "normal"), false},
};

static const struct zone some_zones[] = {
    {.id = "b2", .in = -1}, {.id = "b2-kitchen", .in = 0}, {.id = "f3", .in = -1}};

static inline struct plan plan_of(const struct sensor_def *sensors, int n_sensors,
                                  const struct incident_type *types, int n_types)
{
	return (struct plan){
	    .zones = some_zones,
	    .n_zones = COUNT(some_zones),
	    .sensors = sensors,
	    .n_sensors = n_sensors,
	    .types = types,
	    .n_types = n_types,
	};
}

static struct intake_result result;

static inline const struct reading *say_at(struct intake *in, const char *topic, const char *payload,
                                           int64_t now_ms)
{
	const struct message m = {.topic = topic, .payload = payload, .len = strlen(payload), .qos = 1};

	intake_read(in, &m, now_ms, &result);
	return result.n ? result.readings : NULL;
}

static inline const struct reading *say(struct intake *in, const char *topic, const char *payload)
{
	return say_at(in, topic, payload, 1000);
}

/* Says it and tells it at once; was it news? */
static inline bool news_at(struct intake *in, const char *topic, const char *payload, int64_t now_ms)
{
	say_at(in, topic, payload, now_ms);
	intake_told(in, &result);
	return result.is_news;
}

#endif
