#include "health.h"

#include "cert.h"
#include "clock.h"
#include "config.h"
#include "daemon.h"
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- judging -- */

static const char *sign_of_slowness(struct health *h, const struct health_look *l, char text[160])
{
	bool is_full = l->inbox * 10 >= l->inbox_cap * 9, was_full = h->was_full;

	h->was_full = is_full;
	if (l->now_ms - h->lates_ms >= HEALTH_CALM_MS) {
		h->lates_ms = l->now_ms;
		h->lates = l->store_lates;
	}
	if (l->is_receive_stuck)
		return "a message has been in work for more than 10 s";
	if (l->loop_late_ms > fault_ms("behind-ms", HEALTH_LATE_MS)) {
		snprintf(text, 160, "the program stood still for %lld s: is the machine overloaded?",
		         (long long)l->loop_late_ms / 1000);
		return text;
	}
	if (is_full && was_full)
		return "messages come faster than they are handled";
	if (l->store_lates - h->lates >= HEALTH_STORE_LATES)
		return "the disk is slow: the audit store is late again and again";
	return NULL;
}

static void judge_slowness(struct health *h, const struct health_look *l, health_say_fn say, void *arg)
{
	char text[160];
	const char *sign = sign_of_slowness(h, l, text);

	if (sign) {
		h->slow_ms = l->now_ms;
		h->lates = l->store_lates; /* told: counted anew */
	}
	if (sign && !h->is_slow)
		say(arg, SELF_FALLING_BEHIND, false, sign);
	else if (h->is_slow && l->now_ms - h->slow_ms >= HEALTH_CALM_MS)
		say(arg, SELF_FALLING_BEHIND, true, "nothing of it for 10 minutes");
	else
		return;
	h->is_slow = sign;
}

static void judge_memory(struct health *h, const struct health_look *l, health_say_fn say, void *arg)
{
	bool is_low = l->memory_cap > 0 && l->memory > l->memory_cap / 10 * (h->is_low ? 7 : 8);
	char what[128];

	if (is_low == h->is_low)
		return;
	h->is_low = is_low;
	snprintf(what, sizeof what,
	         "%lld of %lld MiB are used; at the limit the program is ended and started again",
	         (long long)l->memory >> 20, (long long)l->memory_cap >> 20);
	say(arg, SELF_MEMORY_LOW, !is_low, what);
}

static void judge_certificate(struct health *h, const struct health_look *l, health_say_fn say, void *arg)
{
	bool is_ending = l->cert_left_s < HEALTH_CERT_S;
	char what[256];

	if (is_ending == h->is_ending)
		return;
	h->is_ending = is_ending;
	if (!is_ending)
		snprintf(what, sizeof what, "the certificates hold");
	else if (l->cert_left_s < 0)
		snprintf(what, sizeof what, "%.150s has ended: the broker cannot be reached with it",
		         l->cert);
	else
		snprintf(what, sizeof what, "%.150s ends in %lld days: renew it, then tocsin reload", l->cert,
		         (long long)l->cert_left_s / 86400);
	say(arg, SELF_CERTIFICATE, !is_ending, what);
}

/* Words that say themselves what is wrong; "" nothing is. */
static void judge_words(bool *is_open, enum self self, const char *words, health_say_fn say, void *arg)
{
	if (*is_open == (*words != 0))
		return;
	*is_open = *words;
	say(arg, self, !*words, *words ? words : "it works again");
}

void health_judge(struct health *h, const struct health_look *l, health_say_fn say, void *arg)
{
	judge_slowness(h, l, say, arg);
	judge_memory(h, l, say, arg);
	judge_certificate(h, l, say, arg);
	judge_words(&h->is_shut, SELF_FILES, l->files, say, arg);
	judge_words(&h->is_mute, SELF_CHANNEL_DOWN, l->channels, say, arg);
}

/* -- looking -- */

static int64_t number_in(const char *path, int word)
{
	struct buf text = {0};
	struct err err;
	char *at, *end;
	int64_t number = 0;

	config_slurp(path, 4096, &text, &err);
	at = (char *)buf_text(&text);
	for (int i = 0; i <= word; i++, at = end)
		number = strtoll(at, &end, 10);
	buf_fini(&text);
	return number;
}

/* What the unit's MemoryMax= made of it; "max", or no such file: 0. */
static int64_t memory_cap(void)
{
	struct buf text = {0};
	char path[512] = "";
	struct err err;

	if (config_slurp("/proc/self/cgroup", 4096, &text, &err) == 0 && !strncmp(text.text, "0::/", 4))
		snprintf(path, sizeof path, "/sys/fs/cgroup%.*s/memory.max",
		         (int)strcspn(text.text + 3, "\n"), text.text + 3);
	buf_fini(&text);
	return *path ? number_in(path, 0) : 0;
}

/* Ours and the authority's; a file that cannot be read is the broker's link that says so. */
static void look_at_certificates(struct health *h, const struct tls *tls, int64_t now_ms)
{
	const char *const files[] = {tls->cert, tls->ca};
	int64_t left_s;

	if (now_ms < h->cert_next_ms)
		return;
	h->cert_next_ms = now_ms + HEALTH_CERT_EVERY_MS;
	h->cert_left_s = INT64_MAX;
	for (int i = 0; tls->use && i < 2; i++)
		if (files[i] && cert_left_s(files[i], &left_s) && left_s < h->cert_left_s) {
			h->cert_left_s = left_s;
			h->cert = files[i];
		}
}

/* The run directory is memory: asking it does not wait for a disk. */
static const char *shut_files(const struct daemon *d)
{
	if (store_disk_is_shut(d->store))
		return "the directory of the store cannot be written: no ids, no last-good.yaml";
	if (access(d->run_dir, W_OK) < 0)
		return "the run directory cannot be written: no guard against poison messages";
	return d->control ? "" : "there is no control socket: tocsin cannot ask or command";
}

static void say(void *arg, enum self self, bool over, const char *what)
{
	daemon_fault(arg, self, over, what);
}

void health_beat(struct daemon *d, int64_t next_ms)
{
	struct health *h = &d->health;
	char channels[256];
	int64_t now_ms = clock_steady_ms();
	struct health_look look = {.now_ms = now_ms,
	                           .loop_late_ms = h->due_ms ? now_ms - h->due_ms : 0,
	                           .store_lates = d->store_lates,
	                           .is_receive_stuck = receive_is_stuck(&d->receive, now_ms),
	                           .inbox = inbox_count(d->inbox),
	                           .inbox_cap = INBOX_CAP,
	                           .memory = number_in("/proc/self/statm", 1) * sysconf(_SC_PAGESIZE),
	                           .memory_cap = memory_cap(),
	                           .files = shut_files(d),
	                           .channels = channels};

	look_at_certificates(h, &daemon_plan(d)->broker.tls, now_ms);
	look.cert_left_s = h->cert_left_s;
	look.cert = h->cert;
	channels_trouble(d->channels, d->link != LINK_DOWN, channels, sizeof channels);
	health_judge(h, &look, say, d);
	h->due_ms = now_ms + next_ms;
}
