/* doctor_daemon.c - what the running daemon says, and what the audit has never heard of. */
#include "ask.h"
#include "base/arena.h"
#include "doctor.h"
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct answer *status_of(const struct doctor *d)
{
	return answer_get(d->status, "status");
}

void doctor_daemon(struct doctor *d)
{
	d->status = ask_silently(d->c, "status");
	if (status_of(d))
		return;
	answer_free(d->status);
	d->status = NULL;
	doctor_found(d, SEVERITY_CRITICAL,
	             "tocsind does not answer at %s: no alarm is dispatched\n"
	             "systemctl status tocsind; journalctl -u tocsind",
	             d->c->socket);
}

void doctor_link(struct doctor *d)
{
	if (!answer_true(status_of(d), "synced"))
		doctor_found(d, SEVERITY_CRITICAL,
		             "tocsind is not synchronised with the broker: no sensor is heard\n"
		             "journalctl -u tocsind says why; is mosquitto there?");
}

void doctor_store(struct doctor *d)
{
	const char *word = answer_str(status_of(d), "store");

	if (strcmp(word, "ok") != 0)
		doctor_found(d, SEVERITY_CRITICAL,
		             "the audit store is %s: alarms leave unrecorded\n"
		             "look at its disk (operations.md, store-failing)",
		             word);
}

void doctor_in_force(struct doctor *d)
{
	struct answer *plan = ask_silently(d->c, "plan");

	if (plan && strcmp(answer_str(plan, "plan"), d->plan->hash) != 0)
		doctor_found(d, SEVERITY_MAJOR,
		             "%s is not what is in force: an older configuration is\n"
		             "tocsin reload",
		             d->file);
	answer_free(plan);
}

void doctor_last_good(struct doctor *d)
{
	if (answer_true(status_of(d), "plan_broken"))
		doctor_found(d, SEVERITY_CRITICAL,
		             "tocsind found its configuration broken and runs the last good one\n"
		             "tocsin check, mend it, tocsin reload");
}

void doctor_troubles(struct doctor *d)
{
	struct answer *list = ask_silently(d->c, "list");
	const struct answer *all = answer_get(list, "incidents");

	for (int i = 0; i < answer_count(all); i++) {
		const struct answer *inc = answer_at(all, i);

		if (!strcmp(answer_str(inc, "hazard"), "system"))
			doctor_found(d, SEVERITY_MAJOR,
			             "%s is open: %s\n"
			             "tocsin show %s (operations.md, Troubles)",
			             answer_str(inc, "id"), answer_lang(inc, "title", d->c->lang),
			             answer_str(inc, "id"));
	}
	answer_free(list);
}

/* Before it is a trouble of its own: the last notice failed, or all did. */
void doctor_deliveries(struct doctor *d)
{
	const struct answer *channels = answer_get(status_of(d), "channels"), *channel;
	const char *id;

	for (int i = 0; (channel = answer_member(channels, i, &id)); i++) {
		const char *state = answer_str(channel, "state");
		int64_t sent = answer_int(channel, "sent", 0), failed = answer_int(channel, "failed", 0);

		if (strcmp(state, "ok") != 0 || (failed && !sent))
			doctor_found(d, SEVERITY_CRITICAL,
			             "the channel %s does not deliver: %lld notices left by it since the "
			             "start, %lld failed\n"
			             "tocsin ring PERSON %s; journalctl -u tocsind says why",
			             id, (long long)sent, (long long)failed, id);
	}
}

void doctor_sensors(struct doctor *d)
{
	struct answer *answer = ask_silently(d->c, "unheard");
	const struct answer *all = answer_get(answer, "sensors");
	struct buf names = {0};
	int n = 0;

	for (int i = 0; i < answer_count(all); i++)
		doctor_name(&names, &n, answer_text(answer_at(all, i)));
	if (n)
		doctor_found(d, SEVERITY_MAJOR,
		             "%d sensor%s never said anything that could be read: %s\n"
		             "cause an alarm at each and see it in `tocsin list`; `tocsin discover` shows "
		             "what is on the air",
		             n, n == 1 ? " has" : "s have", buf_text(&names));
	buf_fini(&names);
	answer_free(answer);
}

/* -- who has never been heard -- */

struct seen {
	const struct plan *plan;
	bool *has; /* per person */
	int n_left;
};

/* "who":"wang", or "root for wang". */
static bool take_row(void *arg, int64_t seq, const char *rec, const char *hash)
{
	struct seen *s = arg;
	const char *who = strstr(rec, ",\"who\":\""), *end, *name;

	(void)seq, (void)hash;
	if (!who)
		return true;
	who += 8;
	end = who + strcspn(who, "\"");
	for (name = end; name > who && name[-1] != ' ';)
		name--;
	for (int p = 0; p < s->plan->n_people; p++) {
		const char *id = s->plan->people[p].id;

		if (s->has[p] || strlen(id) != (size_t)(end - name) || strncmp(id, name, strlen(id)) != 0)
			continue;
		s->has[p] = true;
		s->n_left--;
	}
	return s->n_left > 0;
}

void doctor_people(struct doctor *d)
{
	const struct plan *plan = d->plan;
	struct seen seen = {plan, xcalloc((size_t)plan->n_people, sizeof(bool)), plan->n_people};
	struct buf names = {0};
	struct err err;
	int n = 0;

	if (store_each_row(plan->store_path, 1, INT64_MAX, take_row, &seen, &err) == 0)
		for (int p = 0; p < plan->n_people; p++)
			if (!seen.has[p])
				doctor_name(&names, &n, plan->people[p].id);
	if (n)
		doctor_found(d, SEVERITY_MAJOR,
		             "nothing was ever heard from %s: nobody knows whether their answers arrive\n"
		             "tocsin ring PERSON, and an answer from the phone: any word on cmd/PERSON/ack "
		             "will do",
		             buf_text(&names));
	buf_fini(&names);
	free(seen.has);
}
