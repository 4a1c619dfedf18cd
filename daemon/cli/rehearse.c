/* rehearse.c - `tocsin test FILE...`: the files, their sites, all tests of all
 * of them, and what came out. */
#include "rehearse.h"

#include "base/arena.h"
#include "base/err.h"
#include "clock.h"
#include "config.h"
#include "print.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A site several files name is read once. */
struct site {
	char *path;
	struct plan *plan;
};

struct run {
	const struct cli *cli;
	struct site *sites;
	int n_sites;
	struct script **scripts;
	int n_scripts;
	struct verdict *verdicts;
	int n, n_broken;
	bool is_unreadable;  /* a file or a site of one */
	struct buf problems; /* as JSON */
};

static void tell_problems(struct run *r, const struct problems *found)
{
	struct buf out = {0};

	if (r->cli->json) {
		problems_json(found, &out);
		if (out.len > 2) /* without its brackets: all are one list */
			buf_printf(&r->problems, "%s%.*s", r->problems.len ? "," : "", (int)out.len - 2,
			           buf_text(&out) + 1);
	} else {
		problems_print(found, &out);
		print_lines(stderr, buf_text(&out));
	}
	buf_fini(&out);
}

static void unreadable(struct run *r, const char *what)
{
	r->is_unreadable = true;
	if (r->cli->json) {
		buf_str(&r->problems, r->problems.len ? "," : "");
		json_open(&r->problems, NULL, '{');
		json_str(&r->problems, "severity", "error");
		json_str(&r->problems, "text", what);
		json_close(&r->problems, '}');
		return;
	}
	fputs("tocsin: ", stderr);
	print_safe(stderr, what);
	fputc('\n', stderr);
}

/* -- sites -- */

static struct plan *read_plan(struct run *r, const char *path)
{
	struct buf bundle = {0}, problems = {0};
	struct plan *plan = NULL;
	struct err err = {0};

	if (config_read(path, &bundle, &err) == 0) {
		plan = config_plan(buf_text(&bundle), bundle.len, &problems);
		if (!plan) {
			print_lines(stderr, buf_text(&problems));
			err_set(&err, "%s cannot be used", path);
		}
	}
	if (!plan)
		unreadable(r, err.text);
	buf_fini(&bundle);
	buf_fini(&problems);
	return plan;
}

static const struct plan *plan_at(struct run *r, const char *path)
{
	for (int i = 0; i < r->n_sites; i++)
		if (!strcmp(r->sites[i].path, path))
			return r->sites[i].plan;
	r->sites = xrealloc(r->sites, (size_t)(r->n_sites + 1) * sizeof *r->sites);
	r->sites[r->n_sites] = (struct site){xstrdup(path), read_plan(r, path)};
	return r->sites[r->n_sites++].plan;
}

/* As it is seen from the file that names it. */
static const struct plan *plan_for(struct run *r, const char *file, const char *site)
{
	char folder[PATH_MAX], path[PATH_MAX * 2];

	snprintf(folder, sizeof folder, "%s", file);
	if (*site == '/')
		snprintf(path, sizeof path, "%s", site);
	else
		snprintf(path, sizeof path, "%s/%s", dirname(folder), site);
	return plan_at(r, path);
}

/* -- files -- */

static struct script *read_script(struct run *r, const struct source *source, const struct plan **ret_plan)
{
	struct problems problems;
	struct script *script = NULL;
	struct arena arena;
	const char *site;

	arena_init(&arena);
	problems_init(&problems);
	site = script_site(source, &arena, &problems);
	*ret_plan = site ? plan_for(r, source->name, site) : NULL;
	if (*ret_plan)
		script = script_read(source, *ret_plan, &problems);
	if (problems.n)
		tell_problems(r, &problems);
	r->is_unreadable = r->is_unreadable || !script;
	problems_fini(&problems);
	arena_fini(&arena);
	return script;
}

static void play_script(struct run *r, const char *file, const struct script *s, const struct plan *plan)
{
	r->verdicts = xrealloc(r->verdicts, (size_t)(r->n + s->n) * sizeof *r->verdicts);
	for (int i = 0; i < s->n; i++) {
		struct verdict *v = &r->verdicts[r->n++];
		int64_t began_us = clock_monotonic_us();

		*v = (struct verdict){.file = file};
		play_test(plan, &s->tests[i], v);
		v->wall_us = clock_monotonic_us() - began_us;
		r->n_broken += v->is_broken;
		if (!r->cli->json)
			report_verdict(stdout, v);
	}
}

static void run_file(struct run *r, const char *file)
{
	struct buf bytes = {0};
	struct err err;
	struct source source = {.name = file};
	struct script *script;
	const struct plan *plan;

	if (config_slurp(file, 1 << 20, &bytes, &err) < 0) {
		unreadable(r, err.text);
		return;
	}
	source.bytes = buf_text(&bytes);
	source.len = bytes.len;
	script = read_script(r, &source, &plan);
	if (script) {
		r->scripts = xrealloc(r->scripts, (size_t)(r->n_scripts + 1) * sizeof(*r->scripts));
		r->scripts[r->n_scripts++] = script;
		play_script(r, file, script, plan);
	}
	buf_fini(&bytes);
}

/* -- the end -- */

static void tell_total(const struct run *r)
{
	int64_t virtual_ms = 0, wall_us = 0;
	char span[48];

	for (int i = 0; i < r->n; i++) {
		virtual_ms += r->verdicts[i].virtual_ms;
		wall_us += r->verdicts[i].wall_us;
	}
	printf("%d test%s, %d failed: %s in %lld.%03lld s\n", r->n, r->n == 1 ? "" : "s", r->n_broken,
	       seen_span(virtual_ms, span), (long long)(wall_us / 1000000),
	       (long long)(wall_us / 1000 % 1000));
}

static void tell_json(const struct run *r, bool ok)
{
	struct buf out = {0};

	json_open(&out, NULL, '{');
	json_bool(&out, "ok", ok);
	json_open(&out, "tests", '[');
	report_json(r->verdicts, r->n, &out);
	json_close(&out, ']');
	buf_printf(&out, ",\"problems\":[%s]", buf_text(&r->problems));
	json_close(&out, '}');
	puts(buf_text(&out));
	buf_fini(&out);
}

static int write_junit(const struct run *r, const char *path)
{
	struct buf out = {0};
	FILE *f = fopen(path, "wb");
	int failed;

	report_junit(r->verdicts, r->n, &out);
	failed = !f || fwrite(out.text, 1, out.len, f) != out.len;
	if (f && fclose(f) != 0)
		failed = 1;
	if (failed)
		fprintf(stderr, "tocsin: cannot write %s: %s\n", path, strerror(errno));
	buf_fini(&out);
	return failed;
}

static void run_fini(struct run *r)
{
	for (int i = 0; i < r->n; i++) {
		free(r->verdicts[i].expected);
		free(r->verdicts[i].got);
		free(r->verdicts[i].story);
	}
	for (int i = 0; i < r->n_scripts; i++)
		script_free(r->scripts[i]);
	for (int i = 0; i < r->n_sites; i++) {
		free(r->sites[i].path);
		plan_free(r->sites[i].plan);
	}
	free(r->verdicts);
	free(r->scripts);
	free(r->sites);
	buf_fini(&r->problems);
}

int rehearse_command(const struct cli *c)
{
	struct run r = {.cli = c};
	bool ok;

	for (int i = 0; i < c->n; i++)
		run_file(&r, c->args[i]);
	ok = !r.n_broken && !r.is_unreadable;
	if (c->junit && write_junit(&r, c->junit))
		ok = false;
	if (c->json)
		tell_json(&r, ok);
	else
		tell_total(&r);
	run_fini(&r);
	return ok ? CLI_DONE : CLI_REFUSED;
}
