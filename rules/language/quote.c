/* quote.c - facts that texts of steps quote: the record and its field must be there. */
#include "language/step.h"

#include "quote.h"

#include <string.h>

static void try_fields(const struct step *s, struct nearest *near)
{
	for (int i = 0; i < s->n_fields; i++)
		nearest_try(near, s->fields[i].id);
}

static bool has_field(const struct step *s, const char *field)
{
	for (int i = 0; i < s->n_fields; i++)
		if (!strcmp(s->fields[i].id, field))
			return true;
	return false;
}

static void check_text(struct reader *r, const struct draft *d, const struct node *at, const char *text,
                       const struct playbook *book)
{
	for (struct quote q; quote_next(text, &q); text = q.end) {
		int i = quote_step(book, &d->text.step, &q);
		struct nearest near = {.word = q.field};

		if (i >= 0 && has_field(&book->steps[i], q.field))
			continue;
		if (i < 0 || book->steps[i].kind != STEP_KIND_RECORD) {
			complain(r, at, "'{%s.%s}': no record of this playbook is called '%s'", q.step, q.field,
			         q.step);
			continue;
		}
		complain(r, at, "'{%s.%s}': the record '%s' has no '%s'", q.step, q.field, q.step, q.field);
		try_fields(&book->steps[i], &near);
		advise_nearest(r, &near);
	}
}

void quotes_check(struct reader *r, const struct drafts *d, const struct playbook *book)
{
	static const char *const keys[] = {"task", "decide", "text"};

	for (int i = 0; i < d->n; i++) {
		const struct draft *s = &d->at[i];
		const struct text *text = &s->text.step.text;
		const struct node *at = NULL;

		if (s->index < 0)
			continue;
		for (size_t k = 0; k < sizeof keys / sizeof *keys && !at; k++)
			at = node_get(s->e.body, keys[k]);
		if (at)
			check_text(r, s, at, text->in[LANG_ZH], book);
		if (at && strcmp(text->in[LANG_ZH], text->in[LANG_EN]) != 0)
			check_text(r, s, at, text->in[LANG_EN], book);
	}
}
