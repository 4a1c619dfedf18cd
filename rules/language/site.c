/* site.c - the site itself, its broker, its store, its languages. */
#include "language/reader.h"
#include "language/tables.h"

#include <string.h>

/* -- site -- */

static const struct key site_rows[] = {
    {"id", KEY_ID, AT(struct plan, site, const char *), .must = true,
     .help = "stands in every topic and in the audit"},
    {"name", KEY_LABEL, AT(struct plan, site_name, struct text),
     .help = "as people call it; default: the id"},
    {"timezone", KEY_TEXT, AT(struct plan, timezone, const char *), .fallback = "UTC",
     .help = "IANA name, such as Asia/Shanghai; clock times in notices are in it"},
    {"ring", KEY_HOURS, AT(struct plan, ring, struct schedule),
     .help = "hours in which whoever holds a role in the coming seven days is sent a test notice by each of their "
             "channels, once in seven days; \"mon-fri 10:00-16:00\"; default: never"},
};
const struct table site_keys = TABLE("site", site_rows);

/* -- broker -- */

struct broker_text {
	const char *url, *user;
	const struct node *password, *tls;
	int version;
};

static const char *const version_words[] = {"5", "3.1.1", NULL};

static const struct key broker_rows[] = {
    {"url", KEY_TEXT, AT(struct broker_text, url, const char *), .must = true,
     .help = "mqtt://host, mqtts://host, with :port where it is not 1883 or 8883"},
    {"user", KEY_TEXT, AT(struct broker_text, user, const char *), .help = "broker user of the daemon"},
    {"password", KEY_NODE, AT(struct broker_text, password, const struct node *),
     .help = "{file: PATH} or {credential: NAME}"},
    {"version", KEY_WORD, AT(struct broker_text, version, int), .fallback = "5", .words = version_words,
     .help = "MQTT version; 5 falls back to 3.1.1 by itself"},
    {"tls", KEY_NODE, AT(struct broker_text, tls, const struct node *),
     .help = "{ca, cert, key}: files, for mqtts://"},
};
const struct table broker_keys = TABLE("broker", broker_rows);

static const struct key password_rows[] = {
    {"file", KEY_TEXT, AT(struct broker, password_file, const char *),
     .help = "its first line is the password"},
    {"credential", KEY_ID, AT(struct broker, password_credential, const char *),
     .help = "name of a systemd credential (LoadCredential=)"},
};
const struct table password_keys = TABLE("broker password", password_rows);

static const struct key tls_rows[] = {
    {"ca", KEY_TEXT, AT(struct tls, ca, const char *),
     .help = "file with the authorities; default: the system's"},
    {"cert", KEY_TEXT, AT(struct tls, cert, const char *), .help = "file with the client's certificate"},
    {"key", KEY_TEXT, AT(struct tls, key, const char *), .help = "file with the client's key"},
};
const struct table tls_keys = TABLE("broker tls", tls_rows);

static void read_password(struct reader *r, const struct node *node, struct broker *ret)
{
	if (node->kind == NODE_SCALAR) {
		complain(r, node, "a password cannot stand in the configuration");
		advise(
		    r,
		    "put it in a file that only the daemon can read and write {file: /etc/tocsin/broker.pw}, "
		    "or {credential: NAME} with systemd's LoadCredential=");
		return;
	}
	if (!keys_read(r, &(struct entry){NULL, node}, &password_keys, ret))
		return;
	if (!ret->password_file == !ret->password_credential)
		complain(r, node, "a password needs either 'file' or 'credential'");
}

static bool read_port(const char *text, int *ret)
{
	int port = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (*text - '0');
	}
	*ret = port;
	return port >= 1 && port <= 65535;
}

/* host, host:port, [v6], [v6]:port */
static bool read_host(struct reader *r, const char *text, struct broker *ret)
{
	const char *end = text[0] == '[' ? strchr(text, ']') : text + strcspn(text, ":");
	size_t from = text[0] == '[';

	if (!end || end == text + from || strpbrk(text, "/@ ?#"))
		return false;
	ret->host = arena_dup(&r->plan->arena, text + from, (size_t)(end - text) - from);
	end += from;
	return !*end || (*end == ':' && read_port(end + 1, &ret->port));
}

static void read_url(struct reader *r, const struct node *node, const char *url, struct broker *ret)
{
	const char *rest = NULL;
	size_t n;

	if (!strncmp(url, "mqtt://", 7))
		rest = url + 7;
	else if (!strncmp(url, "mqtts://", 8))
		rest = url + 8;
	ret->tls.use = !strncmp(url, "mqtts", 5);
	ret->port = ret->tls.use ? 8883 : 1883;
	if (rest) {
		n = strlen(rest);
		rest = arena_dup(&r->arena, rest, n && rest[n - 1] == '/' ? n - 1 : n);
	}
	if (rest && read_host(r, rest, ret))
		return;
	complain(r, node, "'%s' is not the address of a broker", url);
	advise(r, strchr(url, '@')
	              ? "user and password have keys of their own"
	              : "write mqtt://127.0.0.1:1883, mqtts://broker.example or mqtt://[::1]:1883");
}

static void broker_read(struct reader *r, const struct entry *e)
{
	struct broker *b = &r->plan->broker;
	struct broker_text text = {0};

	keys_read(r, e, &broker_keys, &text);
	if (text.url)
		read_url(r, node_get(e->body, "url"), text.url, b);
	b->user = text.user;
	b->version = text.version == 0 ? 5 : 3;
	if (text.password)
		read_password(r, text.password, b);
	if (!text.tls)
		return;
	keys_read(r, &(struct entry){NULL, text.tls}, &tls_keys, &b->tls);
	if (text.url && !b->tls.use)
		complain(r, text.tls, "'tls' needs a url that begins with mqtts://");
	if (!b->tls.cert != !b->tls.key)
		complain(r, text.tls, "'cert' and 'key' go together");
}

/* -- store, languages, include -- */

static const struct key store_rows[] = {
    {"path", KEY_TEXT, AT(struct plan, store_path, const char *), .fallback = "/var/lib/tocsin/tocsin.db",
     .help = "the database: audit and saved state"},
};
const struct table store_keys = TABLE("store", store_rows);

#define LANG_WORD(A, T) T,
static const char *const lang_words[] = {LANG_LIST(LANG_WORD) NULL};

static const struct key top_rows[] = {
    {"languages", KEY_WORDS, AT(struct plan, languages, unsigned), .words = lang_words,
     .help = "languages of notices, the first is the default; default: all"},
    {"include", KEY_STRINGS, 0,
     .help = "files read with this one: [/usr/share/tocsin/playbooks/*.yaml, conf.d/*.yaml]"},
};
const struct table top_keys = TABLE("file", top_rows);

static const struct entry *only(struct reader *r, enum section s, bool must)
{
	const struct entries *e = &r->sections[s];

	if (e->n)
		return e->at;
	if (must && !r->is_broken) {
		complain_at(r, (struct mark){0, 1, 1}, "the section '%s' is missing", section_name(s));
		advise(r, s == SECTION_SITE ? "write site: {id: plaza, timezone: Asia/Shanghai}"
		                            : "write broker: {url: \"mqtt://127.0.0.1:1883\"}");
	}
	return NULL;
}

void site_read(struct reader *r)
{
	const struct node nothing = {.is_plain = true, .mark = {0, 1, 1}, .text = ""};
	const struct entry none = {NULL, &nothing}, *site = only(r, SECTION_SITE, true),
	                   *broker = only(r, SECTION_BROKER, true), *store = only(r, SECTION_STORE, false),
	                   *languages = only(r, SECTION_LANGUAGES, false),
	                   *include = only(r, SECTION_INCLUDE, false);
	struct strings globs;
	struct plan *p = r->plan;

	if (site)
		keys_read(r, &(struct entry){NULL, site->body}, &site_keys, p);
	if (p->site && !p->site_name.in[0])
		p->site_name = (struct text){{p->site, p->site}};
	if (broker)
		broker_read(r, &(struct entry){NULL, broker->body});
	keys_read(r, store ? &(struct entry){NULL, store->body} : &none, &store_keys, p);
	if (languages)
		value_read(r, &top_rows[0], languages->body, &p->languages);
	if (include)
		value_read(r, &top_rows[1], include->body, &globs); /* the daemon expands them */
	if (!p->languages)
		p->languages = (1u << LANG_COUNT) - 1;
}
