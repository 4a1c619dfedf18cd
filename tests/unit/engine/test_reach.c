/* What became of test notices when the plan changes beneath them, when one is
 * tried twice, and when persons took out whom nothing reaches. */
#include "engine/reach.h"
#include "reload_world.h"

#define SITE(CHANNELS, MORE) \
	"site: {id: plaza, timezone: Asia/Shanghai, ring: \"03:01-06:00\"}\n" \
	"broker: {url: \"mqtt://127.0.0.1:1883\", version: 5}\n" \
	"store: {path: /var/lib/tocsin/tocsin.db}\n" \
	"zones: {hall: {}}\n" \
	"sensors: {a: {kind: gas, zone: hall, topic: gas/a}}\n" \
	"people:\n" \
	"  wang: {name: Wang, language: en, channels: [" CHANNELS "]}\n" \
	"  zhao: {name: Zhao, language: en, channels: [page]}\n" \
	"  " MORE "\n" \
	"roles: {guard: {holder: wang}, chief: {holder: zhao}}\n" \
	"chains: {all: {levels: [{call: [guard], wait: 30s}, {call: [chief], wait: 60s}]}}\n" \
	"channels: {page: {plugin: page, timeout: 1m}, sms: {plugin: exec, argv: [/bin/true], timeout: 1m}}\n" \
	"incidents: {leak: {hazard: gas, severity: critical, chain: all, when: {of: {kind: gas}, above: 10}}}\n"
#define LI "li: {name: Li, language: en, channels: [page, sms]}"

/* Id of the test notice to the person by the channel in the last turn. */
static const char *rung(const char *person, const char *channel, char ret[48])
{
	for (int i = 0; i < w.fx.n; i++) {
		const struct notice *n = &w.fx.at[i].notice;

		if (w.fx.at[i].kind != EFFECT_NOTICE || n->kind != NOTICE_TEST ||
		    strcmp(n->person, person) != 0 || strcmp(n->channel, channel) != 0)
			continue;
		snprintf(ret, 48, "%s", n->id);
		return ret;
	}
	fail_msg("%s was not rung by %s", person, channel);
	return NULL;
}

static void ring_by(const char *person, const char *channel, char ret_id[48])
{
	life_command(&w, "zhao", (struct command){.verb = VERB_RING, .person = person, .channel = channel});
	rung(person, channel, ret_id);
}

static void fails(const char *id, const char *channel)
{
	life_event(&w, &(struct event){.kind = EVENT_NOTICE,
	                               .notice = {.id = id, .channel = channel, .outcome = OUTCOME_FAILED, .why = "exit 1"}});
}

static struct incident *unreachable(void)
{
	for (int i = 0; i < w.e->n_incidents; i++)
		if (!strcmp(w.e->incidents[i]->type_id, "unreachable") && incident_is_open(w.e->incidents[i]))
			return w.e->incidents[i];
	return NULL;
}

/* What was saved turn by turn is what is there: nothing changed without a record. */
static void saved_is_all(struct records *kept)
{
	struct records now;

	engine_save(w.e, kept);
	records_init(&now);
	engine_save_all(w.e, &now);
	for (int i = 0; i < now.n; i++) {
		const char *value = NULL;

		if (strncmp(now.at[i].key, "g/", 2) != 0)
			continue;
		for (int k = 0; k < kept->n; k++)
			if (!strcmp(kept->at[k].key, now.at[i].key))
				value = kept->at[k].value;
		assert_non_null(value);
		assert_string_equal(value, now.at[i].value);
	}
	records_fini(&now);
}

static void test_the_plan_loses_the_channel(void **state)
{
	char sms[48];
	struct records kept;

	(void)state;
	begin(SITE("page, sms", ""));
	records_init(&kept);
	ring_by("wang", "sms", sms);
	saved_is_all(&kept);
	reload(SITE("page", ""));
	saved_is_all(&kept);
	fails(sms, "sms");
	saved_is_all(&kept);
	assert_null(reach_way(reach_find(w.e, "wang"), "sms"));
	records_fini(&kept);
	end();
}

static void test_the_plan_loses_the_person(void **state)
{
	char id[48];

	(void)state;
	begin(SITE("page", LI));
	ring_by("li", "sms", id);
	assert_non_null(reach_find(w.e, "li"));
	reload(SITE("page", ""));
	assert_null(reach_find(w.e, "li"));
	fails(id, "sms");
	assert_null(reach_find(w.e, "li"));
	end();
}

static void test_a_notice_that_is_tried_twice_fails_once(void **state)
{
	char id[48];

	(void)state;
	begin(SITE("page", ""));
	ring_by("wang", "page", id);
	fails(id, "page");
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = LINK_DOWN});
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = LINK_UP});
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = LINK_SYNCED});
	fails(id, "page");
	assert_int_equal(reach_way(reach_find(w.e, "wang"), "page")->n_failed, 1);
	assert_null(unreachable());
	ring_by("wang", "page", id);
	fails(id, "page");
	assert_non_null(unreachable());
	end();
}

static void test_taken_out_is_told_anew(void **state)
{
	static const char *const wang[] = {"wang"};
	struct command reset = {.verb = VERB_RESET, .words = "telephones him", .without = {wang, 1}};
	char id[48];
	int64_t first;

	(void)state;
	begin(SITE("sms", ""));
	for (int i = 0; i < 2; i++) {
		ring_by("wang", "sms", id);
		fails(id, "sms");
	}
	assert_non_null(unreachable());
	first = reset.id = unreachable()->number;
	life_command(&w, "zhao", (struct command){.verb = VERB_ACK, .id = first});
	life_command(&w, "zhao", reset);
	assert_null(unreachable());
	life_until(&w, w.now_ms + 5 * 60000); /* it is known: until a test says so again */
	assert_null(unreachable());
	ring_by("wang", "sms", id);
	fails(id, "sms");
	assert_non_null(unreachable());
	assert_true(unreachable()->number > first);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_plan_loses_the_channel),
	    cmocka_unit_test(test_the_plan_loses_the_person),
	    cmocka_unit_test(test_a_notice_that_is_tried_twice_fails_once),
	    cmocka_unit_test(test_taken_out_is_told_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
