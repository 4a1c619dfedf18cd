/* The site as a device of Home Assistant: the message word for word, what is
 * taken back by a new plan, by a start, and when it is switched off. `--update`
 * writes the message anew. */
#include "life_world.h"

#include "engine/home.h"

#include <jansson.h>

#define GOLDEN SOURCE_DIR "/tests/unit/engine/home.json"
#define TOPIC "homeassistant/device/tocsin-plaza/config"

static const char head[] =
    "site: {id: plaza, name: {zh: 中心广场, en: Central Plaza}, timezone: Asia/Shanghai}\n"
    "broker: {url: \"mqtt://127.0.0.1:1883\"}\n"
    "sensors: {a: {kind: gas, zone: b2, topic: gas/a}}\n"
    "people: {wang: {name: Wang}, house: {name: The house, user: [hass, hass2]}}\n"
    "roles: {guard: {holder: wang}}\n"
    "chains: {both: {levels: [{call: [guard], wait: 30s}]}}\n"
    "incidents: {leak: {hazard: gas, severity: major, when: {of: {kind: gas}}, playbook: leak}}\n"
    "playbooks: {leak: {scene: {task: {zh: 到场, en: Go}, who: guard}}}\n";

#define ZONES "zones: {b2-kitchen: {in: b2, name: {zh: 厨房, en: Kitchen}}, b2: {name: {zh: 地下二层, en: Basement 2}}}\n"
#define ONE_ZONE "zones: {b2: {name: {zh: 地下二层, en: Basement 2}}}\n"
#define PLAN ZONES "languages: [en]\n" ON
#define ON "home_assistant: {discovery: true, person: house}\n"

static struct plan *plan_with(const char *more)
{
	char yaml[4096];

	snprintf(yaml, sizeof yaml, "%s%s", head, more);
	return life_plan_of(yaml);
}

static void golden(struct buf *ret)
{
	char text[8192];
	FILE *f = fopen(GOLDEN, "r");

	assert_non_null(f);
	buf_add(ret, text, fread(text, 1, sizeof text, f));
	fclose(f);
}

static void test_the_message(void **state)
{
	struct plan *plan = plan_with(PLAN);
	struct buf json = {0}, zones = {0}, expected = {0};
	json_t *doc;

	(void)state;
	golden(&expected);
	assert_int_equal(home_render(plan, " attic", &json, &zones), 2);
	assert_string_equal(buf_text(&zones), " b2 b2-kitchen"); /* the outer one first */
	buf_char(&json, '\n');
	assert_string_equal(buf_text(&json), buf_text(&expected));
	doc = json_loads(buf_text(&json), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	json_decref(doc);
	buf_fini(&json);
	buf_fini(&zones);
	buf_fini(&expected);
	plan_free(plan);
}

/* Of the last event: what was published on the topic; NULL: nothing. */
static const char *told(const struct life_world *w, const char *topic)
{
	const char *found = NULL;

	for (int i = 0; i < w->fx.n; i++) {
		const struct publish *p = &w->fx.at[i].publish;

		if (w->fx.at[i].kind != EFFECT_PUBLISH || strcmp(p->topic, topic) != 0)
			continue;
		assert_true(p->is_whole && p->retain && p->latest_wins);
		found = p->payload;
	}
	return found;
}

static void put_in_force(struct life_world *w, struct plan *plan)
{
	w->plan = plan;
	life_event(w, &(struct event){.kind = EVENT_PLAN, .plan.plan = plan});
}

static void restart(struct life_world *w, struct plan *plan)
{
	struct records r;
	struct engine *again = engine_new(plan);

	records_init(&r);
	engine_save_all(w->e, &r);
	assert_int_equal(engine_restore(again, r.at, r.n, NULL, NULL), 0);
	assert_true(w->plan != plan || engine_digest(again) == engine_digest(w->e));
	records_fini(&r);
	engine_free(w->e);
	w->e = again;
	w->plan = plan;
	life_event(w, &(struct event){.kind = EVENT_STARTED, .started = {.host = "h", .boot = "b", .version = "v"}});
}

#define REMOVED "\"zone-b2-kitchen\":{\"p\":\"binary_sensor\"}"

static void test_a_zone_goes(void **state)
{
	struct plan *two = plan_with(ZONES ON), *one = plan_with(ONE_ZONE ON);
	struct life_world w;

	(void)state;
	life_begin(&w, two);
	assert_non_null(strstr(told(&w, TOPIC), "\"zone-b2-kitchen\":{\"p\":\"binary_sensor\",\"uniq_id\""));
	put_in_force(&w, one);
	assert_non_null(strstr(told(&w, TOPIC), REMOVED));
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = LINK_DOWN});
	life_event(&w, &(struct event){.kind = EVENT_LINK, .link = LINK_SYNCED});
	assert_non_null(strstr(told(&w, TOPIC), REMOVED)); /* who was away sees it, too */
	restart(&w, one);
	assert_null(strstr(told(&w, TOPIC), "b2-kitchen"));
	put_in_force(&w, two);
	assert_null(strstr(told(&w, TOPIC), REMOVED));
	restart(&w, one); /* the file was changed while the program was down */
	assert_non_null(strstr(told(&w, TOPIC), REMOVED));
	put_in_force(&w, two); /* and is back */
	assert_null(strstr(told(&w, TOPIC), REMOVED));
	life_end(&w);
	plan_free(two);
	plan_free(one);
}

static void test_switched_off(void **state)
{
	struct plan *on = plan_with(ZONES ON), *off = plan_with(ZONES "home_assistant: {prefix: homeassistant}\n"),
	            *other = plan_with(ZONES "home_assistant: {discovery: true, prefix: ha}\n");
	struct life_world w;

	(void)state;
	life_begin(&w, off);
	assert_null(told(&w, TOPIC));
	put_in_force(&w, on);
	assert_true(*told(&w, TOPIC));
	put_in_force(&w, off);
	assert_string_equal(told(&w, TOPIC), "");
	restart(&w, off);
	assert_null(told(&w, TOPIC)); /* once is enough */
	put_in_force(&w, on);
	restart(&w, off);
	assert_string_equal(told(&w, TOPIC), "");
	put_in_force(&w, on);
	put_in_force(&w, other);
	assert_string_equal(told(&w, TOPIC), "");
	assert_non_null(told(&w, "ha/device/tocsin-plaza/config"));
	assert_null(strstr(told(&w, "ha/device/tocsin-plaza/config"), "button"));
	life_end(&w);
	plan_free(on);
	plan_free(off);
	plan_free(other);
}

/* A record that cannot be read is as none: nothing is said to a topic without a name. */
static void test_a_bad_record(void **state)
{
	static const char *const values[] = {"h % a b", "h", "h homeassistant/x", "h % % %"};
	struct plan *off = plan_with(ZONES);

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		struct record bad = {"h", values[i]};
		struct life_world w = {.plan = off, .e = engine_new(off), .now_ms = 1795374000000};

		effects_init(&w.fx);
		engine_restore(w.e, &bad, 1, NULL, NULL);
		life_event(&w, &(struct event){.kind = EVENT_STARTED, .started = {.host = "h", .boot = "b", .version = "v"}});
		assert_null(told(&w, ""));
		assert_null(w.e->home.topic);
		life_end(&w);
	}
	plan_free(off);
}

/* Three hundred zones, nested by hundreds: it stays one packet, and the checker says what is left out. */
static void test_too_many_zones(void **state)
{
	struct buf yaml = {0}, json = {0}, said = {0};
	struct problems problems;
	struct plan *plan;
	int n;

	(void)state;
	buf_str(&yaml, head);
	buf_str(&yaml, ON "zones:\n  b2: {}\n");
	for (int i = 1; i < 300; i++)
		buf_printf(&yaml, "  zone-%d-of-a-long-name: {in: b2}\n", i);
	problems_init(&problems);
	plan = language_read(&(struct source){"site.yaml", yaml.text, yaml.len}, 1, &problems);
	problems_print(&problems, &said);
	assert_non_null(plan);
	n = home_render(plan, "", &json, NULL);
	assert_in_range(n, 40, 299);
	assert_true(json.len <= 32 * 1024 - 512);
	assert_non_null(strstr(json.text, "\"zone-b2\""));
	assert_non_null(strstr(buf_text(&said), "of the 300 zones fit"));
	problems_fini(&problems);
	plan_free(plan);
	buf_fini(&yaml);
	buf_fini(&json);
	buf_fini(&said);
}

static int update(void)
{
	struct plan *plan = plan_with(PLAN);
	struct buf json = {0};
	FILE *f = fopen(GOLDEN, "w");

	home_render(plan, " attic", &json, NULL);
	fprintf(f, "%s\n", json.text);
	plan_free(plan);
	buf_fini(&json);
	return fclose(f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_message),
	    cmocka_unit_test(test_a_zone_goes),
	    cmocka_unit_test(test_switched_off),
	    cmocka_unit_test(test_a_bad_record),
	    cmocka_unit_test(test_too_many_zones),
	};

	if (argc > 1 && !strcmp(argv[1], "--update"))
		return update();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
