/* home_assistant.c - whether Home Assistant is told of the site, where, and
 * whose button it may have. */
#include "language/check.h"
#include "language/tables.h"

#include "engine/home.h"

#include <string.h>

struct home_text {
	bool discovery;
	const char *prefix;
	int person;
};

static const struct key home_rows[] = {
    {"discovery", KEY_BOOL, AT(struct home_text, discovery, bool), .fallback = "false",
     .help = "publish the site as a device, retained, on PREFIX/device/tocsin-SITE/config"},
    {"prefix", KEY_TOPIC, AT(struct home_text, prefix, const char *), .fallback = "homeassistant",
     .help = "discovery prefix that is set in Home Assistant"},
    {"person", KEY_REF, AT(struct home_text, person, int), .section = SECTION_PEOPLE,
     .help = "person whose broker user Home Assistant has: a button acknowledges what was called to that "
             "person; without it there is no button"},
};
const struct table home_assistant_keys = TABLE("home_assistant", home_rows);

void home_assistant_read(struct reader *r)
{
	const struct entries *e = &r->sections[SECTION_HOME_ASSISTANT];
	struct home_assistant *ret = &r->plan->home;
	struct home_text text = {0};

	ret->person = -1;
	if (!e->n || !keys_read(r, &(struct entry){NULL, e->at[0].body}, &home_assistant_keys, &text))
		return;
	if (text.prefix && !strncmp(text.prefix, "tocsin", 6) && strchr("/", text.prefix[6])) {
		complain(r, node_get(e->at[0].body, "prefix"), "'%s' is among the topics of tocsin itself", text.prefix);
		advise(r, "Home Assistant's own prefix is homeassistant");
		return;
	}
	if (text.discovery) {
		ret->prefix = text.prefix;
		ret->person = text.person;
	}
}

void check_home_assistant(struct reader *r)
{
	const struct plan *p = r->plan;
	struct buf json = {0};
	int n;

	if (!p->home.prefix)
		return;
	n = home_render(p, "", &json, NULL);
	buf_fini(&json);
	if (n == p->n_zones)
		return;
	caution(r, r->sections[SECTION_HOME_ASSISTANT].at[0].body,
	        "%d of the %d zones fit in the message for Home Assistant", n, p->n_zones);
	advise(r, "the innermost are left out; the zone around each shows its worst");
}
