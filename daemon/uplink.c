#include "uplink.h"

#include "config.h"
#include "log.h"
#include "sysd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void on_link(void *arg, enum link link, const char *why)
{
	static const char *const words[] = {[LINK_DOWN] = "broker: not connected",
	                                    [LINK_UP] = "broker: connected",
	                                    [LINK_SYNCED] = "broker: synchronised",
	                                    [LINK_MARK_LOST] = "broker: own message lost"};
	struct daemon *d = arg;
	struct inbox_item *item = inbox_item_new(INBOX_LINK);
	bool has_why = why && *why;

	if (atomic_exchange(&d->said_link, (int)link) != (int)link) /* each mark says it again */
		log_at(link == LINK_DOWN || link == LINK_MARK_LOST ? LOG_WARNING : LOG_INFO, "%s%s%s",
		       words[link], has_why ? ": " : "", has_why ? why : "");
	item->link = link;
	inbox_put(d->inbox, item, 0);
}

static void on_fault(void *arg, enum self self, bool over, const char *what)
{
	struct daemon *d = arg;
	struct inbox_item *item = inbox_item_new(INBOX_FAULT);

	item->fault.self = self;
	item->fault.over = over;
	snprintf(item->fault.what, sizeof item->fault.what, "%s", what ? what : "");
	inbox_put(d->inbox, item, 0);
}

static void on_published(void *arg, int64_t token, bool ok, const char *why)
{
	struct daemon *d = arg;
	struct inbox_item *item = inbox_item_new(INBOX_PUBLISHED);

	item->published.token = token;
	item->published.ok = ok;
	snprintf(item->published.why, sizeof item->published.why, "%s", why ? why : "");
	inbox_put(d->inbox, item, 0);
}

static void on_message(void *arg, const struct message *m, bool before_mark)
{
	struct daemon *d = arg;

	receive_message(&d->receive, m, before_mark);
}

static bool is_callback_waiting(void *arg)
{
	struct daemon *d = arg;

	return inbox_is_waited(d->inbox);
}

static void read_password(const struct broker *b, struct buf *ret)
{
	struct err err;
	int failed = 0;

	if (b->password_credential)
		failed = sysd_credential(b->password_credential, ret, &err);
	else if (b->password_file)
		failed = config_slurp(b->password_file, 65536, ret, &err);
	if (failed)
		log_at(LOG_ERR, "the broker's password cannot be read: %s", err.text);
	while (ret->len && (ret->text[ret->len - 1] == '\n' || ret->text[ret->len - 1] == '\r'))
		ret->text[--ret->len] = 0;
}

int uplink_open(struct daemon *d)
{
	const struct mqtt_callbacks callbacks = {.message = on_message,
	                                         .link = on_link,
	                                         .fault = on_fault,
	                                         .published = on_published,
	                                         .is_callback_waiting = is_callback_waiting,
	                                         .arg = d};
	const struct plan *plan = daemon_plan(d);
	struct mqtt_config config = {.broker = plan->broker, .site = plan->site};
	struct buf password = {0};
	struct err err;

	read_password(&plan->broker, &password);
	config.password = password.len ? password.text : NULL;
	config.filters = intake_filters(d->newest->intake, &config.n_filters);
	d->mqtt = mqtt_new(&config, &callbacks, &err);
	if (password.len)
		explicit_bzero(password.text, password.len);
	buf_fini(&password);
	if (d->mqtt)
		return 0;
	log_at(LOG_CRIT, "the broker's settings cannot be used: %s", err.text);
	return EXIT_NO_PLAN;
}

static void *hang_up(void *arg)
{
	struct daemon *d = arg;

	mqtt_stop(d->mqtt);
	atomic_store(&d->has_hung_up, true);
	inbox_put(d->inbox, inbox_item_new(INBOX_STORE), 0);
	return NULL;
}

void uplink_hang_up(struct daemon *d)
{
	pthread_t thread;

	d->is_hanging_up = true;
	if (pthread_create(&thread, NULL, hang_up, d) == 0)
		pthread_detach(thread);
	else
		hang_up(d);
}
