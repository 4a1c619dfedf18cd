/* plans.c - the database that a command reads, and the plans in it. */
#include "plans.h"

#include "base/arena.h"
#include "config.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept {
	struct kept *next;
	struct plan *plan; /* NULL: not kept, or not what its hash says */
	char *hash;
};

const struct plan *plans_find(void *arg, const char *hash)
{
	struct plans *p = arg;
	struct kept *k;
	struct buf problems = {0};
	char *bundle;
	size_t len;

	for (k = p->first; k; k = k->next)
		if (!strcmp(k->hash, hash))
			return k->plan;
	bundle = whole_plan(p->db, hash, &len);
	k = xcalloc(1, sizeof *k);
	k->hash = xstrdup(hash);
	k->plan = bundle ? config_plan(bundle, len, &problems) : NULL;
	if (k->plan && strcmp(k->plan->hash, hash) != 0) {
		plan_free(k->plan);
		k->plan = NULL;
	}
	k->next = p->first;
	p->first = k;
	buf_fini(&problems);
	free(bundle);
	return k->plan;
}

void plans_free(struct plans *p)
{
	while (p->first) {
		struct kept *k = p->first;

		p->first = k->next;
		if (k->plan)
			plan_free(k->plan);
		free(k->hash);
		free(k);
	}
}

void plans_absent(struct whole *w)
{
	if (w->absent.len) {
		fputs("tocsin: ", stderr);
		print_safe(stderr, buf_text(&w->absent));
		fputc('\n', stderr);
	}
	whole_fini(w);
}

enum lang plans_language(const struct cli *c, const struct plan *plan)
{
	int lang = c->in_lang ? lang_from(c->in_lang) : -1;

	if (lang >= 0)
		return (enum lang)lang;
	return plan && plan->languages & 1u << LANG_ZH ? LANG_ZH : LANG_EN;
}

int plans_db(const struct cli *c, struct head *ret_head, char **ret_db)
{
	struct head own;

	*ret_db = NULL;
	if (c->in_lang && lang_from(c->in_lang) < 0)
		return cli_fail(c, CLI_USAGE, "usage", "--lang zh, or --lang en");
	if (c->head && !head_parse(c->head, ret_head))
		return cli_fail(c, CLI_USAGE, "usage",
		                "a head is written SEQ:HASH, the hash in 64 small hex digits");
	if (!c->db)
		return head_ask(c, &own, ret_db);
	*ret_db = xstrdup(c->db);
	return CLI_DONE;
}
