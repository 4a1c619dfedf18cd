/* test_command.c - what people write on their phones, and how it is understood.
 * Each command is printed as one line of its filled fields and compared. */
#include "fixture.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

static void show(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_printf(b, " %s=%s", key, value);
}

static void show_number(struct buf *b, const char *key, int64_t value, int64_t nothing)
{
	if (value != nothing)
		buf_printf(b, " %s=%lld", key, (long long)value);
}

static char *line(const struct command *c)
{
	struct buf b = {0};

	buf_str(&b, c->verb == VERB_COUNT ? "?" : verb_name(c->verb));
	if (c->bad != REFUSAL_NONE) {
		buf_printf(&b, " !%s", refusal_name(c->bad));
		show(&b, "req", c->reply.req);
		return buf_steal(&b);
	}
	show_number(&b, "id", c->id, 0);
	show(&b, "id?", c->id_text);
	if (c->all)
		buf_str(&b, " all");
	show_number(&b, "rev", c->rev, -1);
	show(&b, "type", c->type);
	show(&b, "zone", c->zone);
	show(&b, "step", c->step);
	show(&b, "choice", c->choice);
	show(&b, "actuator", c->actuator);
	show(&b, "action", c->action);
	show(&b, "person", c->person);
	show(&b, "channel", c->channel);
	show(&b, "role", c->role);
	show(&b, "hazard", c->hazard);
	show(&b, "permit", c->permit);
	show(&b, "name", c->name);
	show_number(&b, "for", c->for_ms, 0);
	show_number(&b, "from", c->from, 0);
	show_number(&b, "to", c->to, 0);
	for (int i = 0; i < c->n_pairs; i++)
		buf_printf(&b, " %s=[%s]", c->pairs[i].key, c->pairs[i].value);
	for (int i = 0; i < c->without.n; i++)
		show(&b, "without", c->without.at[i]);
	show(&b, "req", c->reply.req);
	show(&b, "photo", c->photo);
	show(&b, "phone", c->phone);
	if (c->words)
		buf_printf(&b, " (%s)", c->words);
	return buf_steal(&b);
}

#define R64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *verb, *payload, *expected; /* expected NULL: no event at all */
} table[] = {
    {"ack", "确认", "ack"},
    {"ack", "ack", "ack"},
    {"ack", "ACK\n", "ack"},
    {"ack", "1", "ack"},
    {"ack", " 1 ", "ack"},
    {"ack", "１", "ack"},
    {"ack", "ON", "ack"},
    {"ack", "on", "ack"},
    {"ack", "ＯＮ", "ack"},
    {"ack", "17", "ack id=17"},
    {"ack", "G-17", "ack id=17"},
    {"ack", "g17", "ack id=17"},
    {"ack", "W-18", "ack id=18"},
    {"ack", "{\"phone\":\"+86 138\",\"text\":\"确认 17 在路上\"}", "ack id=17 phone=+86 138 (在路上)"},
    {"ack", "{\"phone\":\"138\",\"text\":\"１７\"}", "ack id=17 phone=138"},
    {"ack", "{\"phone\":\"138\",\"text\":\" \"}", "ack !bad_text"},
    {"ack", "{\"phone\":\"138\",\"text\":{}}", "ack !bad_text"},
    {"ack", "{\"phone\":\"138\",\"id\":17}", "ack id=17 phone=138"},
    {"ack", "{\"text\":\"18\",\"id\":17}", "ack id=17"},
    {"close", "{\"phone\":\"138\",\"text\":\"18\",\"id\":17}", "close id=17"},
    {"ack", "确认 17", "ack id=17"},
    {"ack", "确认17", "ack id=17"},
    {"ack", "确认　17", "ack id=17"},
    {"ack", "ack 17", "ack id=17"},
    {"ack", "Ack G-17 在路上", "ack id=17 (在路上)"},
    {"ack", "１７", "ack id=17"},
    {"ack", "Ｇ－１７", "ack id=17"},
    {"ack", "ｇ１７", "ack id=17"},
    {"ack", "ack 1", "ack id=1"},
    {"ack", "1 coming", "ack id=1 (coming)"},
    {"ack", "all", "ack all"},
    {"ack", "ack ALL", "ack all"},
    {"ack", "全部", "ack all"},
    {"ack", "X-17", "ack id?=X-17"},
    {"ack", "G-", "ack id?=G-"},
    {"ack", "G-0", "ack id?=G-0"},
    {"ack", "0", "ack id?=0"},
    {"ack", "-17", "ack id?=-17"},
    {"ack", "17.5", "ack id?=17.5"},
    {"ack", "99999999999999999999", "ack id?=99999999999999999999"},
    {"ack", "on my way", "ack id?=on (my way)"},
    {"ack", "{\"id\":\"G-17\",\"rev\":1,\"note\":\"在路上\",\"req\":\"a1\"}",
     "ack id=17 rev=1 req=a1 (在路上)"},
    {"ack", "{\"id\":17}", "ack id=17"},
    {"ack", "  {\"id\":\"Ｇ－１７\"}", "ack id=17"},
    {"ack", "{}", "ack"},
    {"ack", "{\"req\":\"x\",\"new\":{\"a\":[1]}}", "ack req=x"},
    {"ack", "{\"id\":null,\"note\":\"\"}", "ack"},
    {"ack", "{\"id\":\"all\"}", "ack all"},
    {"ack", "{\"id\":true}", "ack id?=true"},
    {"ack", "{\"id\":[17]}", "ack !bad_text"},
    {"ack", "{\"id\":17,\"rev\":\"x\",\"req\":\"a1\"}", "ack !bad_text req=a1"},
    {"ack", "{\"id\":17,\"rev\":1.5}", "ack !bad_text"},
    {"ack", "{\"id\":17,\"rev\":\"2\"}", "ack id=17 rev=2"},
    {"ack", "{\"req\":\"" R64 "\"}", "ack req=" R64},
    {"ack", "{\"req\":\"" R64 "x\"}", "ack !bad_text"},
    {"ack", "{\"id\":17", "ack !bad_text"},
    {"ack", "{\"id\":17} x", "ack !bad_text"},
    {"ack", "{\"id\":\"\\u0000\"}", "ack !bad_text"},
    {"ack", "\xff\xfe", "ack !bad_text"},
    {"ack", "", NULL},
    {"ack", " \r\n\t", NULL},
    {"ack", "　", NULL},
    {"raise", "gas-leak b2-kitchen 有煤气味", "raise type=gas-leak zone=b2-kitchen (有煤气味)"},
    {"raise", "gas-leak  b2-kitchen", "raise type=gas-leak zone=b2-kitchen"},
    {"raise", "gas-leak", "raise !bad_text"},
    {"raise", "{\"type\":\"fire\",\"zone\":\"b2\",\"note\":\"smoke\"}", "raise type=fire zone=b2 (smoke)"},
    {"raise", "{\"type\":\"fire\"}", "raise !bad_text"},
    {"raise", "{\"type\":\"fire\",\"zone\":\"\"}", "raise !bad_text"},
    {"done", "17 scene", "done id=17 step=scene"},
    {"done", "17 scene rest are  words ", "done id=17 step=scene (rest are  words)"},
    {"done", "done 17 scene", "done id=17 step=scene"},
    {"done", "scene", "done !bad_text"},
    {"done", "{\"id\":\"G-17\",\"step\":\"scene\",\"note\":\"阀门已关\",\"photo\":\"sha256:1\"}",
     "done id=17 step=scene photo=sha256:1 (阀门已关)"},
    {"done", "{\"id\":17,\"step\":\"scene\",\"photo\":\"sha256:" R64 R64 R64 "\"}", "done !bad_text"},
    {"done", "{\"step\":\"scene\"}", "done !bad_text"},
    {"done", "{\"id\":\"all\",\"step\":\"scene\"}", "done id?=all step=scene"},
    {"failed", "17 by-hand 阀门卡死", "failed id=17 step=by-hand (阀门卡死)"},
    {"shelve", "W-18 30m 正在排水", "shelve id=18 for=1800000 (正在排水)"},
    {"shelve", "18 1h30m pump at work", "shelve id=18 for=5400000 (pump at work)"},
    {"shelve", "18 30分钟 正在排水", "shelve id=18 for=1800000 (正在排水)"},
    {"shelve", "18 ２小时 正在排水", "shelve id=18 for=7200000 (正在排水)"},
    {"shelve", "18 2H draining", "shelve id=18 for=7200000 (draining)"},
    {"shelve", "18 正在排水", "shelve !no_end"},
    {"shelve", "18", "shelve !no_end"},
    {"shelve", "18 30 draining", "shelve !no_end"},
    {"shelve", "18 0m draining", "shelve !no_end"},
    {"shelve", "18 30m", "shelve !bad_text"},
    {"shelve", "18 99999999999999999999999999999999999h x", "shelve !no_end"},
    {"shelve", "{\"id\":18,\"for_s\":1800,\"note\":\"x\"}", "shelve id=18 for=1800000 (x)"},
    {"shelve", "{\"id\":18,\"for_s\":\"30m\",\"note\":\"x\"}", "shelve id=18 for=1800000 (x)"},
    {"shelve", "{\"id\":18,\"for_s\":-5,\"note\":\"x\"}", "shelve !no_end"},
    {"shelve", "{\"id\":18,\"note\":\"x\"}", "shelve !no_end"},
    {"unshelve", "18 done", "unshelve id=18 (done)"},
    {"isolate", "b2-kitchen fire 2h DH-112 li", "isolate zone=b2-kitchen person=li hazard=fire permit=DH-112 for=7200000"},
    {"isolate", "{\"zone\":\"b2-kitchen\",\"hazard\":\"fire\",\"for_s\":7200,\"permit\":\"DH-112\",\"watch\":\"li\"}",
     "isolate zone=b2-kitchen person=li hazard=fire permit=DH-112 for=7200000"},
    {"isolate", "b2-kitchen fire DH-112 li", "isolate !no_end"},
    {"isolate", "b2-kitchen fire 2h DH-112", "isolate !bad_text"},
    {"rejoin", "b2-kitchen fire", "rejoin zone=b2-kitchen hazard=fire"},
    {"out", "gas-b2 2h probe burnt", "out name=gas-b2 for=7200000 (probe burnt)"},
    {"out", "gas-b2 probe burnt", "out !no_end"},
    {"out", "{\"name\":\"gas-b2\",\"for_s\":7200,\"note\":\"探头烧毁\"}", "out name=gas-b2 for=7200000 (探头烧毁)"},
    {"back", "gas-b2", "back name=gas-b2"},
    {"tag", "gas-no-fire hang b2-kitchen", "tag zone=b2-kitchen action=hang name=gas-no-fire"},
    {"tag", "pump-2 hang", "tag action=hang name=pump-2"},
    {"tag", "pump-2 down repaired now", "tag zone=repaired action=down name=pump-2 (now)"},
    {"tag", "pump-2", "tag !bad_text"},
    {"tag", "{\"name\":\"pump-2\",\"action\":\"hang\"}", "tag action=hang name=pump-2"},
    {"decide", "17 scale major", "decide id=17 step=scale choice=major"},
    {"decide", "17 scale", "decide !bad_text"},
    {"decide", "{\"id\":17,\"step\":\"scale\",\"choice\":\"major\",\"req\":5}",
     "decide id=17 step=scale choice=major req=5"},
    {"record", "17 gas-co called_at=19:20 name=赵", "record id=17 step=gas-co called_at=[19:20] name=[赵]"},
    {"record", "17 gas-co name=\"值班 赵\" n=", "record id=17 step=gas-co name=[值班 赵] n=[]"},
    {"record", "17 gas-co name=\"open", "record !bad_text"},
    {"record", "17 gas-co name=\"a\"b", "record !bad_text"},
    {"record", "17 gas-co name", "record !bad_text"},
    {"record", "17 gas-co =x", "record !bad_text"},
    {"record", "17 gas-co", "record !bad_text"},
    {"record", "1 s a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1", "record !bad_text"},
    {"record",
     "{\"id\":\"G-17\",\"step\":\"gas-co\",\"values\":{\"called_at\":\"2026-11-22T19:20:00Z\",\"name\":"
     "\"值班 赵\",\"n\":2}}",
     "record id=17 step=gas-co called_at=[2026-11-22T19:20:00Z] name=[值班 赵] n=[2]"},
    {"record", "{\"id\":17,\"step\":\"s\",\"values\":{}}", "record !bad_text"},
    {"record", "{\"id\":17,\"step\":\"s\",\"values\":{\"a\":null}}", "record !bad_text"},
    {"record", "{\"id\":17,\"step\":\"s\",\"values\":[1]}", "record !bad_text"},
    {"note", "17 water stopped", "note id=17 (water stopped)"},
    {"note", "17", "note !bad_text"},
    {"note", "{\"id\":17}", "note !bad_text"},
    {"note", "{\"id\":17,\"note\":\"x\",\"from\":\"chief\"}", "note id=17 (x)"},
    {"operate", "fan-b2 on", "operate actuator=fan-b2 action=on"},
    {"operate", "fan-b2 on please", "operate !bad_text"},
    {"operate", "{\"actuator\":\"fan-b2\",\"action\":\"on\"}", "operate actuator=fan-b2 action=on"},
    {"reset", "{\"id\":\"G-17\",\"without\":[\"gas-b2\",\"gas-b3\"],\"note\":\"探头烧毁\"}",
     "reset id=17 without=gas-b2 without=gas-b3 (探头烧毁)"},
    {"reset", "{\"id\":\"G-17\",\"without\":\"gas-b2\"}", "reset id=17 without=gas-b2"},
    {"reset", "{\"id\":\"G-17\",\"without\":[1]}", "reset !bad_text"},
    {"reset", "17", "reset id=17"},
    {"close", "W-18 drained", "close id=18 (drained)"},
    {"sign", "g17", "sign id=17"},
    {"escalate", "17", "escalate id=17"},
    {"drill", "gas-leak b2-kitchen 季度演练", "drill type=gas-leak zone=b2-kitchen (季度演练)"},
    {"drill", "drill gas-leak b2-kitchen", "drill type=gas-leak zone=b2-kitchen"},
    {"drill", "gas-leak", "drill !bad_text"},
    {"drill", "{\"type\":\"gas-leak\",\"zone\":\"b2\",\"note\":\"x\"}", "drill type=gas-leak zone=b2 (x)"},
    {"oncall", "shift-foreman", "oncall role=shift-foreman"},
    {"oncall", "{}", "oncall"},
    {"stats", "stats", "stats"},
    {"stats", "{}", "stats"},
    {"stats", "7d", "stats for=604800000"},
    {"stats", "stats ２４H", "stats for=86400000"},
    {"stats", "7天", "stats for=604800000"},
    {"stats", "{\"since\":\"30d\",\"req\":\"x\"}", "stats for=2592000000 req=x"},
    {"stats", "7", "stats !bad_text"},
    {"stats", "0d", "stats !bad_text"},
    {"stats", "soon", "stats !bad_text"},
    {"stats", "7d more", "stats !bad_text"},
    {"stats", "{\"since\":7,\"req\":\"x\"}", "stats !bad_text req=x"},
    {"stats", "", NULL},
    {"ring", "wang", "ring person=wang"},
    {"ring", "wang sms", "ring person=wang channel=sms"},
    {"ring", "{\"person\":\"wang\",\"channel\":\"page\"}", "ring person=wang channel=page"},
    {"resend", "3 ９", "resend from=3 to=9"},
    {"resend", "3", "resend !bad_text"},
    {"resend", "3 x", "resend !bad_text"},
    {"resend", "-3 4", "resend !bad_text"},
    {"resend", "{\"from\":3,\"to\":\"9\"}", "resend from=3 to=9"},
    {"explode", "now", "? !bad_text"},
    {"Ack", "17", "? !bad_text"},
    {"", "17", "? !bad_text"},
    {"explode", "", NULL},
    {"operate", "", NULL},
};

static void understood(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT(table); i++) {
		struct arena arena;
		struct event ev;
		bool is_event;
		char *got = NULL;

		arena_init(&arena);
		is_event = command_parse("wang", table[i].verb, table[i].payload, strlen(table[i].payload),
		                         &arena, &ev);
		if (is_event) {
			assert_int_equal(ev.kind, EVENT_COMMAND);
			assert_string_equal(ev.command.user, "wang");
			got = line(&ev.command);
		}
		if (is_event != (table[i].expected != NULL) || (got && strcmp(got, table[i].expected) != 0))
			fail_msg("%s %s: %s", table[i].verb, table[i].payload, got ? got : "no event");
		free(got);
		arena_fini(&arena);
	}
}

static void too_big(void **state)
{
	char *payload = malloc(5000);
	struct arena arena;
	struct event ev;

	(void)state;
	memset(payload, ' ', 5000);
	payload[0] = '7';
	arena_init(&arena);
	assert_true(command_parse("wang", "ack", payload, 4096, &arena, &ev));
	assert_int_equal(ev.command.bad, REFUSAL_NONE);
	assert_int_equal(ev.command.id, 7);
	assert_true(command_parse("wang", "ack", payload, 4097, &arena, &ev));
	assert_int_equal(ev.command.bad, REFUSAL_TOO_BIG);
	assert_int_equal(ev.command.verb, VERB_ACK);
	assert_int_equal(ev.command.id, 0);
	arena_fini(&arena);
	free(payload);
}

static void zero_bytes_are_bad_text(void **state)
{
	struct arena arena;
	struct event ev;

	(void)state;
	arena_init(&arena);
	assert_true(command_parse("wang", "ack", "17\0", 3, &arena, &ev));
	assert_int_equal(ev.command.bad, REFUSAL_BAD_TEXT);
	assert_true(command_parse("wang", "ack", "\0", 1, &arena, &ev));
	assert_false(command_parse("wang", "ack", NULL, 0, &arena, &ev));
	arena_fini(&arena);
}

/* Whatever the verb needs must have a letter in the table, or the program would run off it. */
static void every_letter_is_known(void **state)
{
	(void)state;
	for (int v = 0; v < VERB_COUNT; v++) {
		struct arena arena;
		struct event ev;

		arena_init(&arena);
		assert_true(command_parse("wang", verb_name((enum verb)v), "17 18 k=v", 9, &arena, &ev));
		assert_true(command_parse("wang", verb_name((enum verb)v), "{\"id\":1}", 8, &arena, &ev));
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(understood),
	    cmocka_unit_test(too_big),
	    cmocka_unit_test(zero_bytes_are_bad_text),
	    cmocka_unit_test(every_letter_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
