/* process.c - the process of the daemon in a world: plans, starts, crashes
 * between any two steps, the broker's link. */
#include "world.h"

#include "language/language.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES_MAX = 16 };

/* -- plans -- */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = {0};
	char piece[4096];
	size_t n;

	if (!f) {
		fprintf(stderr, "sim: cannot read %s: run it from a checkout, or say -DSOURCE_DIR\n", path);
		exit(2);
	}
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		buf_add(&b, piece, n);
	fclose(f);
	return buf_steal(&b);
}

/* Without the lines that end in this mark. */
static char *without_lines(const char *text, const char *mark)
{
	struct buf b = {0};

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		if (len < strlen(mark) || strncmp(line + len - strlen(mark), mark, strlen(mark)) != 0)
			buf_add(&b, line, len);
		buf_char(&b, '\n'); /* the lines keep their numbers */
		line += len + (line[len] == '\n');
	}
	return buf_steal(&b);
}

static char *site_text(const struct world *w, int number)
{
	const char *mark = number % 2 ? "#A" : "#B";
	char *text = slurp(w->is_edges ? SOURCE_DIR "/tests/rehearsal/conditions.yaml"
	                               : SOURCE_DIR "/tests/sim/site.yaml");
	char *site = without_lines(text, mark);

	free(text);
	if (!w->is_edges && (w->seed >> 2 & 1)) { /* of every pace some */
		text = site;
		site = random_site(text, w->seed * 256 + (uint64_t)mark[1]);
		free(text);
	}
	return w->is_lacking ? lacking_family(site, number) : site;
}

static int shipped(const struct world *w, struct source sources[SOURCES_MAX], int n)
{
	glob_t found;

	glob(w->is_edges ? SOURCE_DIR "/rules/profiles/*.yaml" : SOURCE_DIR "/rules/playbooks/*.yaml", 0, NULL,
	     &found);
	for (size_t i = 0; i < found.gl_pathc && n < SOURCES_MAX; i++) {
		char *text;

		if (strstr(found.gl_pathv[i], "_test.yaml"))
			continue;
		text = slurp(found.gl_pathv[i]);
		sources[n++] = (struct source){xstrdup(found.gl_pathv[i]), text, strlen(text)};
	}
	globfree(&found);
	return n;
}

static void forget_sources(struct source *sources, int n)
{
	for (int i = 0; i < n; i++) {
		free((char *)sources[i].bytes);
		free((char *)sources[i].name);
	}
}

static char *plan_text(const struct world *w, int number)
{
	struct source sources[SOURCES_MAX];
	char *text = site_text(w, number), *site = text;
	int n;

	if (number < 2)
		return text;
	sources[0] = (struct source){xstrdup("site.yaml"), text, strlen(text)};
	n = shipped(w, sources, 1);
	site = lacking_site(sources, n, w->seed * 256 + (uint64_t)number);
	forget_sources(sources, n);
	return site;
}

static struct plan *read_plan(const struct world *w, int number)
{
	static const int64_t at_ms[] = {0};
	static const int32_t offset_s[] = {8 * 3600};
	struct source sources[SOURCES_MAX];
	struct problems problems;
	struct buf told = {0};
	struct plan *plan;
	char hash[] = {'p', 'l', 'a', 'n', '-', (char)('a' + number), 0}, *site = xstrdup(w->texts[number]);
	int n;

	sources[0] = (struct source){xstrdup("site.yaml"), site, strlen(site)};
	n = shipped(w, sources, 1);
	problems_init(&problems);
	plan = language_read(sources, n, &problems);
	problems_print(&problems, &told);
	if (!plan) {
		fputs(buf_text(&told), stderr);
		exit(2);
	}
	plan->tz = (struct tz){1, at_ms, offset_s};
	plan->hash = arena_str(&plan->arena, hash);
	forget_sources(sources, n);
	buf_fini(&told);
	problems_fini(&problems);
	return plan;
}

void process_plans(struct world *w)
{
	w->n_plans = w->is_lacking ? PLANS_MAX : 2;
	for (int i = 0; i < w->n_plans; i++) {
		const struct plan *p;

		w->texts[i] = plan_text(w, i);
		p = w->plans[i] = read_plan(w, i);
		for (int c = 0; c < p->n_chains; c++)
			for (int l = 0; l < p->chains[c].n_levels; l++)
				if (p->chains[c].levels[l].wait_ms > w->max_wait_ms)
					w->max_wait_ms = p->chains[c].levels[l].wait_ms;
	}
}

struct plan *process_plan(struct world *w, int number)
{
	if (!w->plans[number])
		w->plans[number] = read_plan(w, number);
	return w->plans[number];
}

/* As the daemon does, so that a place in a plan that is gone is seen to be one. The sensors' names are the first's. */
void process_plans_unused(struct world *w)
{
	for (int i = 1; i < w->n_plans && w->is_lacking; i++)
		if (i != w->plan && w->plans[i] && !engine_plan_used(w->engine, w->plans[i])) {
			plan_free(w->plans[i]);
			w->plans[i] = NULL;
		}
}

static int another_plan(struct world *w)
{
	return w->n_plans == 2 ? !w->plan : (int)chance_below(&w->chance, w->n_plans);
}

/* The same plan again. Conditions that an earlier one has left behind may go. */
static void check_same(struct world *w, struct essence *before)
{
	struct essence now;
	const char *what;

	essence_of(w->engine, &now);
	before->of[ESSENCE_GATES] = now.of[ESSENCE_GATES];
	what = essence_differs(&now, before);
	if (what)
		world_broken(w, "I9", "the same plan again has changed the %s", what);
}

void process_reload(struct world *w)
{
	struct event ev = {.kind = EVENT_PLAN};
	struct essence before;
	int was = w->plan;

	if (chance_of(&w->chance, 70))
		w->plan = another_plan(w);
	ev.plan.plan = process_plan(w, w->plan);
	world_trace(w, "plan %s", w->plans[w->plan]->hash);
	essence_of(w->engine, &before);
	world_step(w, &ev);
	if (w->is_lacking && was == w->plan)
		check_same(w, &before);
	if (w->is_lacking && chance_of(&w->chance, 30)) /* another one in the same turn */
		process_reload(w);
}

/* -- the link -- */

static void link_later(struct world *w, enum link link, int64_t in_ms)
{
	world_later(w, in_ms, &(struct thing){.kind = THING_LINK, .process = w->process, .a = (int)link});
}

/* What the broker kept for us comes before our own mark. */
static void deliver_queued(struct world *w)
{
	struct inputs queued = w->queued;

	w->queued = (struct inputs){0};
	for (int i = 0; i < queued.n; i++) {
		queued.at[i].before_mark = true;
		world_input(w, &queued.at[i]);
	}
	free(queued.at);
}

void process_link(struct world *w, enum link link)
{
	struct event ev = {.kind = EVENT_LINK, .link = link};

	world_trace(w, "link %d", (int)link);
	w->link = link;
	if (link != LINK_SYNCED)
		w->link_down_ms = w->now_ms;
	world_step(w, &ev);
	switch (link) {
	case LINK_DOWN:
		link_later(w, LINK_UP,
		           chance_of(&w->chance, 50) ? chance_below(&w->chance, 3000)
		                                     : chance_about(&w->chance, 60 * SECOND_MS));
		break;
	case LINK_UP:
		nature_retained(w);
		deliver_queued(w);
		link_later(w, chance_of(&w->chance, 5) ? LINK_MARK_LOST : LINK_SYNCED,
		           chance_about(&w->chance, 200));
		break;
	case LINK_SYNCED:
		w->link_down_ms = w->now_ms;
		link_later(w, chance_of(&w->chance, 10) ? LINK_MARK_LOST : LINK_DOWN,
		           chance_about(&w->chance, HOUR_MS));
		break;
	case LINK_MARK_LOST:
		link_later(w, LINK_DOWN, 1);
		break;
	}
}

/* -- starts and ends -- */

void process_start(struct world *w, int64_t down_ms)
{
	struct event ev = {.kind = EVENT_STARTED};

	w->process++;
	if (w->n_saved && chance_of(&w->chance, w->is_lacking ? 50 : 10)) /* the file was changed meanwhile */
		w->plan = another_plan(w);
	w->gathering = batch_new();
	w->link = LINK_DOWN;
	w->link_down_ms = w->now_ms;
	w->store = STORE_OK;
	w->engine = engine_new(process_plan(w, w->plan));
	if (w->is_edges && w->process > 1) {
		free(w->oracle);
		w->oracle = w->durable_oracle ? oracle_copy(w->durable_oracle) : oracle_new(w);
	}
	if (w->n_saved)
		store_restore(w);
	if (w->process > 1) /* nothing may be stored yet */
		invariants_restored(w, w->plan == w->durable_plan);
	engine_ids_at_least(w->engine, w->durable_ids);
	ev.started.down_ms = down_ms;
	ev.started.host = "host";
	ev.started.boot = "boot";
	ev.started.version = "sim";
	ev.started.epoch = w->durable_epoch + 1;
	world_trace(w, "start %lld after %lld ms", (long long)ev.started.epoch, (long long)down_ms);
	world_step(w, &ev);
	link_later(w, LINK_UP, 10 + chance_about(&w->chance, SECOND_MS));
}

static void unacknowledged(struct world *w, const struct batch *b)
{
	for (int i = 0; b && i < b->inputs.n; i++)
		inputs_add(&w->queued, &b->inputs.at[i]);
}

void process_crash(struct world *w)
{
	struct inputs later = w->queued;
	int64_t down_ms = chance_of(&w->chance, 80) ? 1000 + chance_below(&w->chance, 3000)
	                                            : chance_about(&w->chance, 20 * MINUTE_MS);

	if (w->is_lacking && chance_of(&w->chance, 5)) /* what is over is forgotten after a day */
		down_ms += 20 * HOUR_MS;
	world_trace(w, "crash, stored up to row %lld of %lld", (long long)w->durable_seq, (long long)w->seq);
	w->n_crashes++;
	w->queued = (struct inputs){0};
	unacknowledged(w, w->flying);
	unacknowledged(w, w->gathering);
	for (int i = 0; i < later.n; i++)
		inputs_add(&w->queued, &later.at[i]);
	free(later.at);
	batch_free(w->flying);
	batch_free(w->gathering);
	w->flying = NULL;
	engine_free(w->engine);
	w->now_ms += down_ms;
	process_start(w, w->durable_seq ? w->now_ms - w->durable_at_ms : 0);
}

void process_stop(struct world *w)
{
	struct event ev = {.kind = EVENT_STOPPING};

	world_step(w, &ev);
	store_submit(w);
	process_crash(w);
}
