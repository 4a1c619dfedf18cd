/* lacking.c - the site's text with entries taken out at random, or another kind
 * of sensor or another zone in the place of one, until it reads as a site again:
 * a plan under which things vanish while something is under way. */
#include "world.h"

#include "language/language.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- lines -- */

struct lines {
	char **at; /* NULL: taken out; the others keep their numbers */
	int n;
};

static struct lines split(const char *text)
{
	struct lines l = {0};

	for (const char *end; *text; text = *end ? end + 1 : end) {
		struct buf b = {0};

		end = text + strcspn(text, "\n");
		buf_add(&b, text, (size_t)(end - text));
		l.at = xrealloc(l.at, (size_t)(l.n + 1) * sizeof *l.at);
		l.at[l.n++] = xstrdup(buf_text(&b));
		buf_fini(&b);
	}
	return l;
}

static char *join(const struct lines *l)
{
	struct buf b = {0};

	for (int i = 0; i < l->n; i++) {
		if (l->at[i])
			buf_str(&b, l->at[i]);
		buf_char(&b, '\n');
	}
	return buf_steal(&b);
}

static void lines_free(struct lines *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
}

static int indent_of(const char *line)
{
	return line ? (int)strspn(line, " ") : 0;
}

static bool is_entry(const char *line)
{
	return indent_of(line) >= 2 && line[indent_of(line)] != '#';
}

/* With all that stands below it. */
static void take_line(struct lines *l, int at)
{
	int indent = indent_of(l->at[at]);

	for (int i = at; i < l->n && (i == at || !l->at[i] || indent_of(l->at[i]) > indent); i++) {
		free(l->at[i]);
		l->at[i] = NULL;
	}
}

static void replace(char **line, const char *from, const char *to)
{
	const char *at = strstr(*line, from);
	struct buf b = {0};

	if (!at)
		return;
	buf_add(&b, *line, (size_t)(at - *line));
	buf_str(&b, to);
	buf_str(&b, at + strlen(from));
	free(*line);
	*line = buf_steal(&b);
}

/* -- what is another -- */

static void other_kind(struct chance *c, char **line)
{
	static const char *const kinds[] = {"smoke,", "gas,", "leak,", "heat,", "callpoint,", "mains,", "door,", "lift,"};
	const char *from = kinds[chance_below(c, 8)];

	replace(line, from, kinds[chance_below(c, 8)]);
}

static void other_zone(struct chance *c, char **line)
{
	static const char *const zones[] = {"zone: kitchen,", "zone: boiler,", "zone: hall,", "zone: plant,", "zone: pantry,"};
	const char *from = zones[chance_below(c, 5)];

	replace(line, from, zones[chance_below(c, 5)]);
}

/* Of the same name, and something else. */
static void other_nature(struct chance *c, char **line)
{
	static const char *const natures[][2] = {
	    {"{hazard: ", "{per: site, hazard: "},
	    {"{hazard: ", "{per: sensor, hazard: "},
	    {"per: sensor, ", ""},
	    {"hazard: security", "hazard: people"},
	    {"hazard: other", "hazard: water"},
	    {"hazard: water", "hazard: gas"},
	    {"chain: building", "chain: life-safety"},
	    {"pre_alarm: 10s, investigate: 120s, ", "latch: true, "},
	    {", is: alarm", ", is: normal"},
	    {"kind: fan", "kind: water-valve"},
	    {"quorum: 2", "quorum: 3"},
	    {"wait: {sensor: leak-h1, is: normal, for: 15s}", "task: dry"},
	    {"task: 查看, who: [maintenance, shift-foreman]", "decide: how, who: maintenance, choices: {a: A, b: B}, otherwise: b"},
	    {"while: {hazard: fire}, every: 20m, remind: 2m, sign_of_life: {topic: w/pumps}",
	     "closed: {incident: lift-stands, by: \"05:00\"}, remind: 30m"},
	    {"closed: {incident: lift-stands, by: \"05:00\"}, remind: 30m", "every: 25m, sign_of_life: {sensor: lift}"},
	    {"every: 15m, sign_of_life: {sensor: smoke-h1}", "every: 20m, points: [w/patrol-1, w/patrol-2]"},
	};
	const char *const *nature = natures[chance_below(c, (int64_t)(sizeof natures / sizeof *natures))];

	replace(line, nature[0], nature[1]);
}

/* A shipped type goes only when it is said to. */
static void disable(struct chance *c, char **line)
{
	static const char *const types[] = {"  fire: ", "  gas-leak: ", "  burst-pipe: ", "  power-loss: "};
	const char *type = types[chance_below(c, 4)];
	struct buf b = {0};

	if (strncmp(*line, type, strlen(type)) != 0 || !strchr(*line, '{') || strstr(*line, "command"))
		return;
	buf_printf(&b, "%s{enabled: false}", type);
	free(*line);
	*line = buf_steal(&b);
}

static void change(struct chance *c, struct lines *l, int percent)
{
	for (int i = 0; i < l->n; i++) {
		if (!l->at[i] || !is_entry(l->at[i]))
			continue;
		if (chance_of(c, percent))
			take_line(l, i);
		else if (chance_of(c, 40))
			other_kind(c, &l->at[i]);
		else if (chance_of(c, 40))
			other_zone(c, &l->at[i]);
		else if (chance_of(c, 70))
			other_nature(c, &l->at[i]);
		else
			disable(c, &l->at[i]);
	}
}

/* -- until it reads again -- */

static bool is_name(char ch)
{
	return isalnum((unsigned char)ch) || ch == '-' || ch == '_';
}

/* One name of several in brackets goes alone. */
static bool take_name(char *line, int col)
{
	size_t from = (size_t)col - 1, to = from, len = strlen(line);

	if (col < 1 || from >= len || !is_name(line[from]))
		return false;
	while (to < len && is_name(line[to]))
		to++;
	if (from && line[from - 1] == '[' && !strncmp(line + to, ", ", 2))
		to += 2;
	else if (from > 2 && !strncmp(line + from - 2, ", ", 2) && line[to] == ']')
		from -= 2;
	else if (from > 2 && !strncmp(line + from - 2, ", ", 2) && line[to] == ',')
		from -= 2;
	else
		return false;
	memmove(line + from, line + to, len - to + 1);
	return true;
}

/* False: what is wrong is nothing that could be taken out. */
static bool mend(struct lines *l, const struct problems *problems)
{
	bool any = false;

	for (int i = problems->n - 1; i >= 0; i--) { /* from the end: places before it stay */
		const struct problem *p = &problems->at[i];
		int at = p->line - 1;

		if (p->is_warning || p->file_no != 0 || at < 0 || at >= l->n || !l->at[at])
			continue;
		while (at > 0 && (!l->at[at] || !is_entry(l->at[at])) && indent_of(l->at[at]) > 2)
			at--;
		if (take_name(l->at[at], p->col)) {
			any = true;
		} else if (is_entry(l->at[at])) {
			take_line(l, at);
			any = true;
		}
	}
	return any;
}

static bool reads(struct source *sources, int n, struct lines *l, bool *ret_mended)
{
	struct problems problems;
	char *text = join(l);
	struct plan *plan;

	sources[0].bytes = text;
	sources[0].len = strlen(text);
	problems_init(&problems);
	plan = language_read(sources, n, &problems);
	*ret_mended = !plan && mend(l, &problems);
	problems_fini(&problems);
	free(text);
	plan_free(plan);
	return plan != NULL;
}

char *lacking_family(char *text, int plan)
{
	static const char *const families[] = {
	    "\n  fam: {id: \"fam-{2}\", kind: smoke, zone: \"{1}\", topic: fam/+/+, silent_after: 10m}\n",
	    "\n  fam: {id: \"fam-{2}\", kind: leak, zone: hall, topic: fam/+/+, silent_after: 3m, via: bridge}\n",
	    "\n  fam: {id: \"fam-{2}\", kind: smoke, zone: \"{1}\", topic: fam/+/+}\n",
	    "\n  fam-1: {kind: smoke, zone: hall, topic: fam/x/1}\n",
	    "\n  fam: {id: \"fam-{2}\", kind: door, zone: \"{1}\", topic: fam/+/+, silent_after: 1h}\n",
	    "\n\n"};

	replace(&text, "\n#F\n", families[plan % 6]);
	return text;
}

enum { TRIES = 30, ROUNDS = 30 };

/* sources[0] is the site, the others what is shipped; the text is freed by the caller. */
char *lacking_site(const struct source *sources, int n, uint64_t seed)
{
	struct chance c = {seed};
	struct source copy[16];
	char *ret = NULL;

	memcpy(copy, sources, (size_t)n * sizeof *copy);
	for (int t = 0; t < TRIES && !ret; t++) {
		struct lines l = split(sources[0].bytes);
		bool is_whole = false, mended = true;

		change(&c, &l, 1 + (int)chance_below(&c, 8));
		for (int r = 0; r < ROUNDS && !is_whole && mended; r++)
			is_whole = reads(copy, n, &l, &mended);
		if (is_whole)
			ret = join(&l);
		lines_free(&l);
	}
	return ret ? ret : xstrdup(sources[0].bytes);
}
