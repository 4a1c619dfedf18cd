/* flood_text.c - the words of a summary: how much, of what, where, worst first,
 * each with its number, so that it can be acknowledged by it. */
#include "engine/flood.h"

#include "engine/render.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_BYTES = 340, NUMBERS_MAX = 12, TITLE_BYTES = 40, PLACE_BYTES = 40 };

#define PICK(LANG, ZH, EN) ((LANG) == LANG_ZH ? ZH : EN)

/* What nobody has taken, then what is only to be done; each by gravity. */
static int order(const void *a, const void *b)
{
	const struct incident *x = *(const struct incident *const *)a, *y = *(const struct incident *const *)b;
	int d = incident_wants_ack(y) - incident_wants_ack(x);

	d = d ? d : (int)x->hazard - (int)y->hazard;
	d = d ? d : (int)x->severity - (int)y->severity;
	d = d ? d : strcmp(x->type_id, y->type_id);
	d = d ? d : strcmp(x->zone_id, y->zone_id);
	return d ? d : (x->number > y->number) - (x->number < y->number);
}

/* Somebody has it, and still there is something for this person. */
static bool is_to_do(const struct incident *inc, const struct held *h)
{
	return incident_is_open(inc) && h->kind != NOTICE_CALL && h->kind != NOTICE_UPDATE &&
	       h->kind != NOTICE_EXHAUSTED;
}

/* Those to be named, worst first; the caller frees. */
static const struct incident **sorted(const struct engine *e, const struct flood *f, int *ret_n)
{
	const struct incident **list = xcalloc((size_t)f->n_held + 1, sizeof(struct incident *));

	*ret_n = 0;
	for (int i = 0; i < f->n_held; i++) {
		const struct incident *inc = incident_find(e, f->held[i].incident);

		if (inc && (incident_wants_ack(inc) || is_to_do(inc, &f->held[i])))
			list[(*ret_n)++] = inc;
	}
	qsort(list, (size_t)*ret_n, sizeof(struct incident *), order);
	return list;
}

static int group_len(const struct incident *const *list, int n)
{
	int len = 1;

	while (len < n && !strcmp(list[len]->type_id, list[0]->type_id) &&
	       !strcmp(list[len]->zone_id, list[0]->zone_id) &&
	       incident_wants_ack(list[len]) == incident_wants_ack(list[0]))
		len++;
	return len;
}

/* "Burst pipe Pump room 3 (17, 18, 19)" */
static void say_group(const struct engine *e, const struct incident *const *list, int n, enum lang lang,
                      struct buf *out)
{
	const char *title = list[0]->title.in[lang], *zone = wording_zone(e, list[0], lang);

	if (!incident_wants_ack(list[0]))
		buf_str(out, PICK(lang, "待办 ", "to do: "));
	buf_add(out, title, utf8_cut(title, TITLE_BYTES));
	if (*zone)
		buf_char(out, ' ');
	buf_add(out, zone, utf8_cut(zone, PLACE_BYTES));
	buf_printf(out, PICK(lang, " %d起(", " %d ("), n);
	for (int i = 0; i < n && i < NUMBERS_MAX; i++)
		buf_printf(out, "%s%lld", i ? PICK(lang, "、", ", ") : "", (long long)list[i]->number);
	buf_str(out, n > NUMBERS_MAX ? PICK(lang, "…)", "…)") : PICK(lang, ")", ")"));
}

static void say_groups(const struct engine *e, const struct incident *const *list, int n, enum lang lang,
                       struct buf *out)
{
	struct buf group = {0};
	int at = 0;

	for (int len; at < n; at += len) {
		len = group_len(list + at, n - at);
		buf_clear(&group);
		say_group(e, list + at, len, lang, &group);
		if (at && out->len + group.len > WORDS_BYTES)
			break;
		buf_printf(out, "%s%s", at ? PICK(lang, ";", "; ") : "", buf_text(&group));
	}
	if (at < n)
		buf_printf(out, PICK(lang, ";另有%d起", "; %d more"), n - at);
	buf_fini(&group);
}

void flood_words(const struct engine *e, const struct flood *f, enum lang lang, struct buf *out)
{
	int n, notices = 0;
	const struct incident **list = sorted(e, f, &n);

	for (int i = 0; i < f->n_held; i++)
		notices += f->held[i].n;
	buf_printf(out, PICK(lang, "通知过多,合并%d条:", "Too many notices, %d in one: "), notices);
	say_groups(e, list, n, lang, out);
	if (f->n_held > n)
		buf_printf(out, PICK(lang, "%s%d起已确认或结束", "%s%d acked or over"),
		           n ? PICK(lang, ";", "; ") : "", f->n_held - n);
	if (n && incident_wants_ack(list[0]))
		buf_printf(out, PICK(lang, "。回复:确认 %lld,或 确认 全部", ". Reply: ack %lld, or ack all"),
		           (long long)list[0]->number);
	free(list);
}

enum severity flood_severity(const struct engine *e, const struct flood *f)
{
	enum severity worst = SEVERITY_FAULT;

	for (int i = 0; i < f->n_held; i++) {
		const struct incident *inc = incident_find(e, f->held[i].incident);

		if (inc && inc->severity < worst)
			worst = inc->severity;
	}
	return worst;
}
