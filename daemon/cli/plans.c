/* plans.c - the database that a command reads, and the language of what is written. */
#include "plans.h"

#include "base/arena.h"
#include "print.h"

#include <stdio.h>

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
