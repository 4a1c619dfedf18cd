/* channel_digest.c - many notices as one: when a channel's tokens are used up, what waits for one person leaves as one
 * summary with its count. Never of fire, gas and people, never what carries a mark (again, exercise, unrecorded): each of
 * those speaks for itself. */
#include "channel_slot.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { DIGEST_BYTES = 1200, ITEM_BYTES = 140, ENOUGH_BYTES = 40 };

static bool may_join(const struct job *j, const struct channel_notice *n)
{
	return j->slot->digest && !j->view.is_life && !j->view.is_drill && !*j->view.marks &&
	       n->notice->kind != NOTICE_TEST && n->notice->kind != NOTICE_HANDOVER;
}

void digest_keep(struct job *j, const struct channel_notice *n)
{
	const struct notice *of = n->notice;

	if (!may_join(j, n))
		return;
	j->said = *of;
	j->said.id = j->view.notice;
	j->said.person = j->view.person;
	j->said.channel = j->slot->id;
	j->said.incident = j->view.incident;
	j->said.text = arena_str(&j->arena, of->text);
	j->said.user = arena_str(&j->arena, of->user);
	j->said.covers = arena_str(&j->arena, of->covers);
	j->said.answer = NULL;
	j->marks = n->marks;
	j->marks.head_hash = arena_str(&j->arena, n->marks.head_hash);
	j->item.group = j->view.person;
}

static const struct job *job_with(const struct queue_item *item)
{
	return (const struct job *)(const void *)((const char *)item - offsetof(struct job, item));
}

static size_t budget(const struct job *j)
{
	return j->slot->max_bytes ? (size_t)j->slot->max_bytes : DIGEST_BYTES;
}

/* False: there is no room for it. */
static bool add_text(const struct job *j, const char *text, int number, struct buf *out)
{
	struct buf one = {0};
	bool fits;

	buf_printf(&one, " %d) %.*s%s", number, (int)utf8_cut(text, ITEM_BYTES), text, strlen(text) > ITEM_BYTES ? "…" : "");
	fits = out->len + one.len + ENOUGH_BYTES <= budget(j);
	if (fits)
		buf_add(out, buf_text(&one), one.len);
	buf_fini(&one);
	return fits;
}

static void put_text(const struct job *j, struct buf *out)
{
	bool zh = j->said.lang == LANG_ZH, fits;
	const struct queue_item *with;
	int n = 1;

	buf_printf(out, zh ? "〔汇总〕%d条通知:" : "SUMMARY %d notices:", j->item.n_with + 1);
	fits = add_text(j, j->said.text, n, out);
	TAILQ_FOREACH(with, &j->item.with, entry)
	if (fits && (fits = add_text(j, job_with(with)->said.text, n + 1, out)))
		n++;
	if (n <= j->item.n_with)
		buf_printf(out, zh ? " …另有%d条" : " ... %d more", j->item.n_with + 1 - n);
}

/* Numbers of their incidents, each once. */
static void put_covers(const struct notice *of, struct buf *out)
{
	const char *number = of->covers ? of->covers : of->incident ? strchr(of->incident, '-') : NULL;

	for (number += number && *number == '-'; number && *number;) {
		size_t n = strcspn(number, " ");
		struct buf padded = {0}, all = {0};

		buf_printf(&padded, " %.*s ", (int)n, number);
		buf_printf(&all, " %s ", buf_text(out));
		if (!strstr(buf_text(&all), buf_text(&padded)))
			buf_printf(out, "%s%.*s", out->len ? " " : "", (int)n, number);
		buf_fini(&padded);
		buf_fini(&all);
		number += n + (number[n] == ' ');
	}
}

static const char *rendered(struct job *j, const struct notice *n, bool again, bool as_json)
{
	struct notice_marks marks = j->marks;
	struct buf out = {0};
	const char *copy;

	marks.repeat |= again;
	if (as_json)
		notice_json(n, j->slot->channels->plan->site, &marks, &out);
	else
		notice_text(n, &marks, &out);
	copy = arena_dup(&j->arena, buf_text(&out), out.len);
	buf_fini(&out);
	return copy;
}

void digest_view(struct job *j)
{
	struct notice all = j->said;
	struct buf text = {0}, covers = {0};
	const struct queue_item *with;

	j->sent = j->view;
	if (!j->item.n_with)
		return;
	put_text(j, &text);
	put_covers(&j->said, &covers);
	TAILQ_FOREACH(with, &j->item.with, entry)
	{
		const struct notice *other = &job_with(with)->said;

		put_covers(other, &covers);
		if (other->severity < all.severity)
			all.severity = other->severity;
	}
	all.kind = NOTICE_SUMMARY;
	all.incident = NULL;
	all.level = all.rev = 0;
	all.text = arena_str(&j->arena, buf_text(&text));
	all.covers = arena_str(&j->arena, buf_text(&covers));
	j->sent.kind = notice_kind_name(all.kind);
	j->sent.severity = severity_name(all.severity);
	j->sent.incident = NULL;
	j->sent.text = rendered(j, &all, false, false);
	j->sent.text_again = rendered(j, &all, true, false);
	j->sent.json = rendered(j, &all, false, true);
	j->sent.json_again = rendered(j, &all, true, true);
	buf_fini(&text);
	buf_fini(&covers);
}
