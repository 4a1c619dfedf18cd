/* What a roster leaves open in the next days, and whose turn it is. */
#include "test.h"

#include "base/wall.h"
#include "roster.h"

#define SITE(ROLE, ROSTER) \
	"site: {id: plaza}\nbroker: {url: \"mqtt://127.0.0.1\"}\nzones: {b2: {}}\n" \
	"people: {wang: {}, li: {}, smith: {}}\n" \
	"roles: {duty: " ROLE ", chief: {holder: smith}}\n" \
	"chains: {all: {levels: [{call: duty, wait: 30s}, {call: chief, wait: 60s}]}}\n" \
	"roster:\n  post: " ROSTER "\n"

static int64_t utc(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse_rfc3339(text, &ms));
	return ms;
}

static struct plan *plan_from(const char *text)
{
	struct source s = {"site.yaml", text, strlen(text)};
	struct problems p;
	struct buf said = {0};
	struct plan *plan;

	problems_init(&p);
	plan = language_read(&s, 1, &p);
	problems_print(&p, &said);
	if (!plan)
		fail_msg("%s", buf_text(&said));
	problems_fini(&p);
	buf_fini(&said);
	return plan;
}

/* The gaps of 14 days from a time, as one text. */
static void gaps_are(const char *text, const char *from, const char *expected)
{
	struct plan *plan = plan_from(text);
	struct arena arena;
	struct roster_gaps g;
	struct buf b = {0};

	arena_init(&arena);
	g = roster_gaps(plan, utc(from), utc(from) + ROSTER_AHEAD_DAYS * 86400000LL, &arena);
	for (int i = 0; i < g.n; i++)
		buf_printf(&b, "%s%s/%s: %s", i ? "; " : "", g.at[i].section, g.at[i].id, g.at[i].text);
	assert_string_equal(buf_text(&b), expected);
	buf_fini(&b);
	arena_fini(&arena);
	plan_free(plan);
}

#define WHOLE "{shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, rotation: [wang, li], from: 2026-11-01}"
#define OFFICE "{shifts: {day: \"mon-fri 08:00-18:00\"}, rotation: [wang, li], from: 2026-11-01}"

static void gaps_of_the_next_days(void **state)
{
	(void)state;
	gaps_are(SITE("{roster: post}", WHOLE), "2026-11-30T04:00:00Z", "");
	gaps_are(SITE("{roster: post}", OFFICE), "2026-11-30T04:00:00Z",
	         "chains/all: nobody holds a role of level 1 of chain 'all' from 2026-11-30 04:00 to 2026-11-30 "
	         "08:00, and 10 times more in these days");
	gaps_are(SITE("{roster: post, deputy: li}", OFFICE), "2026-11-30T04:00:00Z", "");
	gaps_are(SITE("{roster: post, covered_by: chief}", OFFICE), "2026-11-30T04:00:00Z", "");
	/* it begins later */
	gaps_are(SITE("{roster: post, deputy: li}", WHOLE), "2026-10-30T04:00:00Z",
	         "roster/post: roster 'post' has fewer than 1 on duty from 2026-10-30 04:00 to 2026-11-01 08:00");
	/* a list of dates that ends */
	gaps_are(SITE("{roster: post}", "{shifts: {day: \"00:00-24:00\"}, dates: {2026-11-30: {day: li}, "
	                                "2026-12-02: {day: wang}}}"),
	         "2026-11-30T04:00:00Z",
	         "chains/all: nobody holds a role of level 1 of chain 'all' from 2026-12-01 00:00 to 2026-12-02 "
	         "00:00, and 1 times more in these days; roster/post: roster 'post' has fewer than 1 on duty from "
	         "2026-12-01 00:00 to 2026-12-02 00:00, and 1 times more in these days");
}

/* Who has the shift that is on at these times of following days. */
static void turns_are(const char *roster, const char *expected)
{
	struct buf text = {0}, got = {0};
	struct plan *plan;

	buf_printf(&text, SITE("{roster: post}", "%s"), roster);
	plan = plan_from(buf_text(&text));
	for (int half = 0; half < 16; half++) {
		struct shift_on on;
		bool is_dated;
		const struct ids *crew;

		assert_true(shifts_at(&plan->rosters[0].shifts, &plan->tz,
		                      utc("2026-11-01T12:00:00Z") + half * 43200000LL, &on));
		crew = roster_crew(&plan->rosters[0], &on, &is_dated);
		assert_non_null(crew);
		buf_char(&got, plan->people[crew->at[0]].id[0]);
	}
	assert_string_equal(buf_text(&got), expected);
	plan_free(plan);
	buf_fini(&text);
	buf_fini(&got);
}

#define TWO "{shifts: {day: \"08:00-20:00\", night: \"20:00-08:00\"}, from: 2026-11-01, "

static void turns_go_round(void **state)
{
	(void)state;
	turns_are(TWO "rotation: [wang, li]}", "wlwlwlwlwlwlwlwl");
	turns_are(TWO "rotation: [wang, li, smith]}", "wlswlswlswlswlsw");
	turns_are(TWO "rotation: [wang, li], turn: day}", "wllwwllwwllwwllw");
	turns_are(TWO "rotation: [wang, li], turn: week}", "wlwlwlwlwlwlwllw");
	turns_are(TWO "rotation: [wang, li, smith], dates: {2026-11-02: {night: [smith]}}}", "wlsslswlswlswlsw");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(gaps_of_the_next_days),
	    cmocka_unit_test(turns_go_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
