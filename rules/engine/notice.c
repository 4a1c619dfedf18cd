/* notice.c - the final text and JSON of a notice, with the marks that are only
 * known when it leaves. */
#include "engine/engine.h"

#include <stdlib.h>

static bool unrecorded(const struct notice_marks *m)
{
	return m->unrecorded || !m->head_hash;
}

void notice_text(const struct notice *n, const struct notice_marks *m, struct buf *out)
{
	bool zh = n->lang == LANG_ZH;

	if (m->repeat || n->repeat)
		buf_str(out, zh ? "〔重发〕" : "AGAIN ");
	if (n->drill)
		buf_str(out, zh ? "【演练】" : "EXERCISE ");
	if (unrecorded(m))
		buf_str(out, zh ? "〔未记录〕" : "UNRECORDED ");
	buf_str(out, n->text);
}

static void put_answer(const struct notice *n, const char *site, struct buf *out)
{
	struct buf topic = {0};

	if (!n->answer || !n->user) {
		json_nil(out, "answer");
		return;
	}
	buf_printf(&topic, "tocsin/%s/1/cmd/%s/ack", site, n->user);
	json_open(out, "answer", '{');
	json_str(out, "topic", buf_text(&topic));
	json_str(out, "payload", n->answer);
	json_close(out, '}');
	buf_fini(&topic);
}

/* A summary names the incidents it speaks of by their numbers. */
static void put_covers(const char *covers, struct buf *out)
{
	json_open(out, "incidents", '[');
	for (const char *at = covers; *at;) {
		char *end;

		json_int(out, NULL, strtoll(at, &end, 10));
		at = *end ? end + 1 : end;
	}
	json_close(out, ']');
}

void notice_json(const struct notice *n, const char *site, const struct notice_marks *m, struct buf *out)
{
	struct buf text = {0};

	notice_text(n, m, &text);
	json_open(out, NULL, '{');
	json_int(out, "v", 1);
	json_int(out, "epoch", n->epoch);
	json_int(out, "seq", n->seq);
	json_str(out, "notice", n->id);
	json_str(out, "incident", n->incident);
	if (n->covers)
		put_covers(n->covers, out);
	json_int(out, "rev", n->rev);
	json_str(out, "kind", notice_kind_name(n->kind));
	json_int(out, "level", n->level);
	json_bool(out, "repeat", m->repeat || n->repeat);
	json_bool(out, "drill", n->drill);
	json_bool(out, "unrecorded", unrecorded(m));
	json_str(out, "lang", lang_name(n->lang));
	json_str(out, "text", buf_text(&text));
	put_answer(n, site, out);
	json_time(out, "reply_by", n->reply_by_ms);
	if (m->head_hash) {
		json_open(out, "audit", '{');
		json_int(out, "seq", m->head_seq);
		json_str(out, "hash", m->head_hash);
		json_close(out, '}');
	}
	json_close(out, '}');
	buf_fini(&text);
}
