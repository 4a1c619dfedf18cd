/* random.c - what of the site is another in every second world: chains,
 * interlocks, incident types, and the playbooks they run, as text that stands
 * where site.yaml has the marks #L #K #I #P. */
#include "world.h"

#include <stdio.h>
#include <string.h>

enum { RANDOMS = 3, STEPS_MAX = 8 };

static const char *const roles[] = {"duty-electrician", "shift-foreman", "engineering-supervisor",
                                    "maintenance",      "fire-warden",   "electricians-foreman"};

static const char *one(struct chance *c, const char *const *of, int64_t n)
{
	return of[chance_below(c, n)];
}

#define ONE(C, OF) one(C, OF, (int64_t)(sizeof(OF) / sizeof *(OF)))

static void chains(struct chance *c, struct buf *b)
{
	for (int i = 0; i < RANDOMS; i++) {
		int n = 1 + (int)chance_below(c, 4);

		buf_printf(b, "  random-%d: {levels: [", i);
		for (int l = 0; l < n; l++)
			buf_printf(b, "%s{call: [%s], wait: %ds%s}", l ? ", " : "", ONE(c, roles),
			           5 + (int)chance_below(c, 120), chance_of(c, 20) ? ", quorum: 2" : "");
		buf_str(b, "]}\n");
	}
}

static void interlocks(struct chance *c, struct buf *b)
{
	static const char *const hazards[] = {"water", "power", "security", "other"};
	static const char *const reaches[] = {"zone", "parent", "site"};
	static const char *const forbids[] = {"all", "{kind: fan}", "{kind: lights, action: \"off\"}", "{action: open}",
	                                      "[{kind: water-valve, action: open}, {action: \"on\"}]"};

	buf_str(b, "interlocks:\n");
	for (int i = 0; i < RANDOMS; i++)
		buf_printf(b, "  random-%d: {while: {hazard: %s}, reach: %s, forbid: %s}\n", i, ONE(c, hazards),
		           ONE(c, reaches), ONE(c, forbids));
}

static void incidents(struct chance *c, struct buf *b)
{
	static const char *const hazards[] = {"people", "water", "power", "security", "other"};
	static const char *const severities[] = {"critical", "major", "minor"};
	static const char *const whens[] = {"{of: {kind: door}, is: alarm}", "{of: {kind: lift}, is: alarm, for: 3s}",
	                                    "{of: {kind: leak}, is: alarm, clear_for: 10s}",
	                                    "{of: {kind: mains}, below: 170, for: 1s}"};

	for (int i = 0; i < RANDOMS; i++) {
		buf_printf(b, "  random-%d: {hazard: %s, severity: %s, when: %s, chain: random-%d, playbook: random-%d", i,
		           ONE(c, hazards), ONE(c, severities), ONE(c, whens), (int)chance_below(c, RANDOMS),
		           (int)chance_below(c, RANDOMS));
		if (chance_of(c, 30))
			buf_printf(b, ", pre_alarm: %ds, investigate: 120s", 5 + (int)chance_below(c, 30));
		if (chance_of(c, 30))
			buf_str(b, ", quorum: 2");
		if (chance_of(c, 40))
			buf_str(b, ", latch: true");
		buf_printf(b, ", remind: %dm}\n", 5 + (int)chance_below(c, 60));
	}
}

static void step(struct chance *c, struct buf *b, int at, bool *ret_decides)
{
	static const char *const commands[] = {
	    "{kind: water-valve, action: close}", "{kind: water-valve, action: open}", "{actuator: fan, action: \"on\"}",
	    "{actuator: lights, action: \"off\"}", "{kind: gas-valve, action: close}"};
	static const char *const waits[] = {"{sensor: door, is: normal}", "{sensor: lift, is: normal, for: 5s}",
	                                    "{sensor: mains-3, above: 200}"};
	const char *who = ONE(c, roles);
	int within_s = 20 + (int)chance_below(c, 600);

	buf_printf(b, "    s%d: {", at);
	switch (at ? chance_below(c, 9) : 0) {
	case 1:
		*ret_decides = true;
		buf_printf(b, "decide: how, who: %s, within: %ds, choices: {a: A, b: B}, otherwise: b", who, within_s);
		break;
	case 2:
	case 7: /* more often: playbooks that want opposite things */
	case 8:
		buf_printf(b, "command: %s", ONE(c, commands));
		break;
	case 3:
		buf_printf(b, "notify: [%s], text: words", who);
		break;
	case 4:
		buf_printf(b, "record: {what: text, at: time}, who: %s, within: %ds", who, within_s);
		break;
	case 5:
		buf_printf(b, "wait: %s, within: %ds, on_late: {call: %s}", ONE(c, waits), within_s, who);
		break;
	case 6:
		buf_printf(b, "run: talk, within: %ds", within_s);
		break;
	default:
		buf_printf(b, "task: do, who: %s, within: %ds%s", who, within_s,
		           chance_of(c, 30) ? ", mandatory: true" : "");
		break;
	}
}

static void playbooks(struct chance *c, struct buf *b)
{
	for (int i = 0; i < RANDOMS; i++) {
		int n = 1 + (int)chance_below(c, STEPS_MAX);
		bool decides[STEPS_MAX] = {false};

		buf_printf(b, "  random-%d:\n", i);
		for (int s = 0; s < n; s++) {
			int before = (int)chance_below(c, s);

			step(c, b, s, &decides[s]);
			if (s && decides[before])
				buf_printf(b, ", when: {s%d: %s}", before, chance_of(c, 50) ? "a" : "b");
			else if (s && chance_of(c, 60))
				buf_printf(b, ", after: s%d", before);
			buf_str(b, "}\n");
		}
	}
}

/* The text of the site, with what chance puts at the marks; freed by the caller. */
char *random_site(const char *text, uint64_t seed)
{
	static const struct {
		const char *mark;
		void (*write)(struct chance *c, struct buf *b);
	} parts[] = {{"#L\n", chains}, {"#K\n", interlocks}, {"#I\n", incidents}, {"#P\n", playbooks}};
	struct chance chance = {seed};
	struct buf b = {0};

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n") + 1, i = 0;

		while (i < sizeof parts / sizeof *parts && strncmp(line, parts[i].mark, 3) != 0)
			i++;
		if (i < sizeof parts / sizeof *parts)
			parts[i].write(&chance, &b);
		else
			buf_add(&b, line, len);
		line += len;
	}
	return buf_steal(&b);
}
