#include "uplink.h"

#include "config.h"
#include "hash.h"
#include "log.h"
#include "sysd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

static void warn_of_readers(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && st.st_mode & S_IROTH)
		log_at(LOG_WARNING, "%s can be read by everybody on this machine: chmod o= %s", path, path);
}

static int read_password(const struct broker *b, struct buf *ret, struct err *err)
{
	int failed = 0;

	if (b->password_file)
		warn_of_readers(b->password_file);
	if (b->tls.key)
		warn_of_readers(b->tls.key);

	if (b->password_credential)
		failed = sysd_credential(b->password_credential, ret, err);
	else if (b->password_file)
		failed = config_slurp(b->password_file, 65536, ret, err);
	while (ret->len && (ret->text[ret->len - 1] == '\n' || ret->text[ret->len - 1] == '\r'))
		ret->text[--ret->len] = 0;
	return failed;
}

static void forget_password(struct buf *password)
{
	if (password->len)
		explicit_bzero(password->text, password->len);
	buf_fini(password);
}

/* What a certificate's file holds counts too, not only where it is. */
static void digest_settings(const struct broker *b, const char *password, char ret[HASH_HEX_BYTES])
{
	const char *files[] = {b->tls.ca, b->tls.cert, b->tls.key};
	struct buf all = {0};
	struct err err;

	buf_printf(&all, "%s\n%d\n%d\n%d\n%s\n%s\n", b->host, b->port, b->version, b->tls.use,
	           b->user ? b->user : "", password);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct buf text = {0};

		if (files[i] && config_slurp(files[i], 1 << 20, &text, &err) == 0)
			buf_add(&all, buf_text(&text), text.len);
		buf_printf(&all, "\n%s\n", files[i] ? files[i] : "");
		forget_password(&text);
	}
	hash_sha256_hex(buf_text(&all), all.len, ret);
	forget_password(&all);
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

	if (read_password(&plan->broker, &password, &err))
		log_at(LOG_ERR, "the broker's password cannot be read: %s", err.text);
	digest_settings(&plan->broker, buf_text(&password), d->link_digest);
	config.password = password.len ? password.text : NULL;
	config.filters = intake_filters(d->newest->intake, &config.n_filters);
	d->mqtt = mqtt_new(&config, &callbacks, &err);
	forget_password(&password);
	if (d->mqtt)
		return 0;
	log_at(LOG_CRIT, "the broker's settings cannot be used: %s", err.text);
	return EXIT_NO_PLAN;
}

int uplink_renew(struct daemon *d, struct err *err)
{
	const struct broker *b = &daemon_plan(d)->broker;
	char digest[HASH_HEX_BYTES];
	struct buf password = {0};
	int result = read_password(b, &password, err) ? -1 : 0;

	if (result == 0) {
		digest_settings(b, buf_text(&password), digest);
		result = strcmp(digest, d->link_digest) != 0;
	}
	if (result > 0) {
		memcpy(d->link_digest, digest, sizeof digest);
		mqtt_use(d->mqtt, b, password.len ? password.text : NULL);
	}
	forget_password(&password);
	return result;
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
