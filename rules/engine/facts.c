/* facts.c - the text of a step with the recorded facts that it quotes. */
#include "engine/render.h"

#include "quote.h"

#include <string.h>

static const char *fact_of(const struct step_run *run, const char *key)
{
	for (int i = 0; i < run->n_facts; i++)
		if (!strcmp(run->facts[i].key, key))
			return run->facts[i].value;
	return "…";
}

void facts_quote(const struct incident *inc, const struct step *step, const char *text, struct buf *out)
{
	const struct playbook *book = inc && step ? inc->playbook : NULL;
	struct quote q;

	while (book && quote_next(text, &q)) {
		int i = quote_step(book, step, &q);

		buf_add(out, text, (size_t)(q.at - text));
		buf_str(out, i >= 0 && i < inc->n_steps ? fact_of(&inc->steps[i], q.field) : "…");
		text = q.end;
	}
	buf_str(out, text);
}
