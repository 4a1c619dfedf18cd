/* part_drill.c - the score of an exercise: each time against its limit. */
#include "records/parts.h"

#include <stdlib.h>
#include <string.h>

enum { COL_WHAT, COL_TOOK, COL_LIMIT, COL_RESULT, COL_JUDGED, COLUMNS };

struct scoring {
	const struct writing *w;
	struct buf cells[COLUMNS];
	bool begun;
};

static void row_end(struct scoring *s)
{
	const char *cells[PAPER_COLUMNS] = {0};

	for (int i = 0; i < COLUMNS; i++)
		cells[i] = buf_text(&s->cells[i]);
	if (s->begun)
		paper_row(s->w->paper, cells);
	for (int i = 0; i < COLUMNS; i++)
		buf_fini(&s->cells[i]);
	s->begun = false;
}

static void span(struct scoring *s, int column, const struct fact_read *fact)
{
	char *end;

	if (fact->type == 'n')
		voice_span(s->w->voice, strtoll(fact->text, &end, 10), &s->cells[column]);
}

static void judged(struct scoring *s, const struct fact_read *fact)
{
	bool late = !strcmp(fact->text, "true"), zh = s->w->voice->lang == LANG_ZH;

	buf_str(&s->cells[COL_JUDGED], late ? (zh ? "超时" : "LATE") : zh ? "按时" : "in time");
}

/* `key` is below the step, or below the ack. */
static void take(struct scoring *s, const char *key, const struct fact_read *fact)
{
	if (!strcmp(key, "took_ms"))
		span(s, COL_TOOK, fact);
	else if (!strcmp(key, "limit_ms"))
		span(s, COL_LIMIT, fact);
	else if (!strcmp(key, "overdue"))
		judged(s, fact);
	else if (!strcmp(key, "state"))
		voice_word(s->w->voice, fact->text, &s->cells[COL_RESULT]);
	else if (!strcmp(key, "result"))
		buf_printf(&s->cells[COL_RESULT], ", %s", fact->text);
}

static void score(struct scoring *s, const struct logged *l)
{
	bool zh = s->w->voice->lang == LANG_ZH;

	for (int i = 0; i < l->n; i++) {
		const struct fact_read *fact = &l->facts[i];
		bool of_ack = !strncmp(fact->key, "ack/", 4);

		if (!strcmp(fact->key, "steps/step") || (of_ack && !s->begun)) {
			row_end(s);
			s->begun = true;
			if (of_ack)
				buf_str(&s->cells[COL_WHAT], zh ? "首次确认" : "first ack");
			else
				voice_step(s->w->voice, fact->text, &s->cells[COL_WHAT]);
		}
		if (of_ack)
			take(s, fact->key + 4, fact);
		else if (!strncmp(fact->key, "steps/", 6))
			take(s, fact->key + 6, fact);
	}
	row_end(s);
}

void part_drill(const struct writing *w)
{
	static const char *const heads[LANG_COUNT][PAPER_COLUMNS] = {
	    [LANG_ZH] = {"内容", "用时", "期限", "结果", "评定"},
	    [LANG_EN] = {"WHAT", "TOOK", "LIMIT", "RESULT", "SCORE"},
	};
	struct scoring s = {.w = w};

	for (int i = 0; i < w->story->n; i++) {
		const struct logged *l = &w->story->rows[i].l;

		if (l->kind != AUDIT_DRILL || w->story->rows[i].meanwhile)
			continue;
		paper_heading(w->paper, w->voice->lang == LANG_ZH ? "演练评分" : "Score of the drill");
		paper_table(w->paper, COLUMNS, heads[w->voice->lang]);
		score(&s, l);
		paper_table_end(w->paper);
	}
}
