/* discover_print.c - what was found as a file of a site: zones and sensors that
 * `tocsin check` takes; what a person must decide, and telemetry, as comments. */
#include "base/text.h"
#include "discover_find.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SENSORS_MAX = 5000, SILENT_MIN_MS = 60000, SILENT_PERIODS = 3, TELEMETRY_MAX = 12 };
enum { GATEWAYS_BYTES = 64 * 1024 }; /* of a file that is too long already */

struct row {
	struct find f;
	char id[65], zone[65];
};

struct print {
	const struct discover *d;
	struct buf *out;
	struct row *rows; /* sensors, also undecided ones */
	int n, n_site, n_more;
};

/* -- which -- */

static bool is_same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool covers(const char *filter, const char *topic)
{
	for (;;) {
		size_t f = strcspn(filter, "/"), t = strcspn(topic, "/");

		if (*filter == '#')
			return true;
		if (!(f == 1 && *filter == '+') && (f != t || strncmp(filter, topic, f) != 0))
			return false;
		if (!filter[f] || !topic[t])
			return filter[f] == topic[t];
		filter += f + 1;
		topic += t + 1;
	}
}

static bool site_has(const struct plan *site, const struct find *f)
{
	for (int i = 0; site && i < site->n_sensors; i++)
		if (is_same(site->sensors[i].value.pointer, f->pointer) &&
		    covers(site->sensors[i].topic, f->topic))
			return true;
	return false;
}

static bool is_of(const struct discover *d, int i, const char *topic)
{
	return i < d->n_finds && !strcmp(d->finds[i]->topic, topic);
}

/* A Shelly tells the same on <id>/events/rpc in parts and on <id>/status/... as a whole. */
static bool has_whole_twin(const struct discover *d, const struct find *f)
{
	size_t len = strlen(f->topic), part;
	struct buf topic = {0};
	bool found = false;

	if (len < 11 || strcmp(f->topic + len - 11, "/events/rpc") != 0 || !f->pointer ||
	    strncmp(f->pointer, "/params/", 8) != 0)
		return false;
	part = strcspn(f->pointer + 8, "/");
	buf_printf(&topic, "%.*s/status/%.*s", (int)len - 11, f->topic, (int)part, f->pointer + 8);
	for (int i = discover_first(d, topic.text); !found && is_of(d, i, topic.text); i++)
		found = is_same(d->finds[i]->pointer, f->pointer + 8 + part);
	buf_fini(&topic);
	return found;
}

static bool cannot_be_written(const char *topic)
{
	return !*topic || strpbrk(topic, "{+#") || !strncmp(topic, "$share/", 7);
}

static void doubt(struct find *f)
{
	if (cannot_be_written(f->topic))
		f->undecided = "this topic cannot be written in a site";
	else if (f->alarm && f->normal && !strcasecmp(f->alarm, f->normal))
		f->undecided = "its two words are the same";
	if (!f->away_topic || !f->online || !f->offline || !strcmp(f->online, f->offline) ||
	    cannot_be_written(f->away_topic))
		f->away_topic = NULL;
}

/* The z2m profile knows where its devices' availability is. */
static void tidy(const struct discover *d, struct find *f)
{
	int64_t period_ms = discover_period_ms(d, f->topic);

	if (f->profile && !strcmp(f->profile, "zigbee2mqtt"))
		f->away_topic = NULL;
	if (!f->silent_ms && period_ms)
		f->silent_ms = period_ms * SILENT_PERIODS < SILENT_MIN_MS
		                   ? SILENT_MIN_MS
		                   : (period_ms * SILENT_PERIODS + 999) / 1000 * 1000;
}

static struct find settled(const struct discover *d, int i)
{
	struct find f = *d->finds[i];

	sense_settle(&f);
	if (f.kind)
		doubt(&f);
	return f;
}

/* -- names -- */

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static void zone_id(const struct plan *site, const char *area, char ret[65])
{
	unsigned hash = 5381;

	for (int i = 0; site && area && i < site->n_zones; i++)
		for (int lang = 0; lang < LANG_COUNT; lang++)
			if (is_same(site->zones[i].name.in[lang], area)) {
				snprintf(ret, 65, "%s", site->zones[i].id);
				return;
			}
	discover_slug(area ? area : "unassigned", ret);
	if (area && (!*ret || !is_ascii(area))) {
		for (const char *at = area; *at; at++)
			hash = hash * 33 + (unsigned char)*at;
		snprintf(ret, 65, "area-%08x", hash);
	}
}

static bool id_is_taken(const struct print *p, int n, const char *id)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(p->rows[i].id, id))
			return true;
	return p->d->site && plan_sensor(p->d->site, id) >= 0;
}

static void name_row(struct print *p, int at)
{
	struct row *r = &p->rows[at];
	char device[65], field[65], base[65];

	discover_slug(r->f.device ? r->f.device : "", device);
	discover_slug(r->f.field ? r->f.field : "", field);
	snprintf(base, sizeof base, "%.30s%s%s", device, *device ? "-" : "", r->f.kind);
	if (strstr(device, r->f.kind))
		snprintf(base, sizeof base, "%.44s", device);
	snprintf(r->id, sizeof r->id, "%s", base);
	if (id_is_taken(p, at, r->id) && *field)
		snprintf(r->id, sizeof r->id, "%.40s-%.14s", base, field);
	for (int n = at + 1; id_is_taken(p, at, r->id); n++)
		snprintf(r->id, sizeof r->id, "%.44s-%d", base, n);
}

static int row_compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->zone, y->zone);

	order = order ? order : strcmp(x->f.topic, y->f.topic);
	order = order ? order : strcmp(x->f.pointer ? x->f.pointer : "", y->f.pointer ? y->f.pointer : "");
	return order ? order
	             : strcmp(x->f.undecided ? x->f.undecided : "", y->f.undecided ? y->f.undecided : "");
}

static void collect(struct print *p)
{
	p->rows = xcalloc(SENSORS_MAX, sizeof *p->rows);
	for (int i = 0; i < p->d->n_finds; i++) {
		struct find f = settled(p->d, i);

		if (!f.kind || has_whole_twin(p->d, &f))
			continue;
		if (site_has(p->d->site, &f)) {
			p->n_site++;
		} else if (p->n == SENSORS_MAX) {
			p->n_more++;
		} else {
			tidy(p->d, &f);
			zone_id(p->d->site, f.area, p->rows[p->n].zone);
			p->rows[p->n++].f = f;
		}
	}
	qsort(p->rows, (size_t)p->n, sizeof *p->rows, row_compare);
	for (int i = 0; i < p->n; i++)
		name_row(p, i);
}

/* -- zones -- */

static void print_zones(struct print *p)
{
	const struct plan *site = p->d->site;
	bool is_first = true;

	for (int i = 0; i < p->n; i++) {
		const struct row *r = &p->rows[i];

		if ((i && !strcmp(r->zone, r[-1].zone)) || (site && plan_zone(site, r->zone) >= 0))
			continue;
		buf_str(p->out, is_first ? "zones:\n" : "");
		is_first = false;
		buf_printf(p->out, "  %s: {name: ", r->zone);
		if (r->f.area)
			discover_quote(p->out, r->f.area);
		else
			buf_str(p->out, "{zh: 未分配区域, en: not assigned yet}");
		buf_str(p->out, "}\n");
	}
}

/* -- sensors -- */

static void print_key(struct buf *out, const char *key, const char *text)
{
	if (!text)
		return;
	buf_printf(out, ", %s: ", key);
	discover_quote(out, text);
}

static void print_duration(struct buf *out, const char *key, int64_t ms)
{
	if (ms >= 1000)
		buf_printf(out, ", %s: %" PRId64 "%s", key, ms % 60000 ? ms / 1000 : ms / 60000,
		           ms % 60000 ? "s" : "m");
}

static void print_words(struct buf *out, const struct find *f)
{
	bool is_contact = !strcmp(f->kind, "contact");

	if (!f->alarm || !f->normal || (!is_contact && sense_profile_has(f->profile, f->alarm, f->normal)))
		return;
	buf_printf(out, ", words: {%s: [", is_contact ? "open" : "alarm");
	discover_quote(out, f->alarm);
	buf_printf(out, "], %s: [", is_contact ? "closed" : "normal");
	discover_quote(out, f->normal);
	buf_str(out, "]}");
}

static void print_away(struct buf *out, const struct find *f)
{
	if (!f->away_topic)
		return;
	buf_str(out, ", availability: {topic: ");
	discover_quote(out, f->away_topic);
	print_key(out, "value", f->away_value);
	buf_str(out, ", online: [");
	discover_quote(out, f->online);
	buf_str(out, "], offline: [");
	discover_quote(out, f->offline);
	buf_str(out, "]}");
}

/* The sensor that tells of its bridge, when there is one. */
static const char *via_of(const struct print *p, const struct find *f)
{
	for (int i = 0; f->link && i < p->n; i++)
		if (!strcmp(p->rows[i].f.kind, "link") && !strcmp(p->rows[i].f.topic, f->link))
			return p->rows[i].id;
	return NULL;
}

static void print_sensor(struct print *p, const struct row *r)
{
	const struct find *f = &r->f;
	const char *via = via_of(p, f);

	if (f->undecided) {
		buf_str(p->out, "  # to decide: ");
		discover_quote(p->out, f->undecided);
		buf_str(p->out, "\n  # ");
	} else {
		buf_str(p->out, "  ");
	}
	buf_printf(p->out, "%s: {kind: %s, zone: %s", r->id, f->kind, r->zone);
	if (f->profile)
		buf_printf(p->out, ", profile: %s", f->profile);
	print_key(p->out, "topic", f->topic);
	print_key(p->out, "value", f->pointer);
	print_key(p->out, "unit", f->unit);
	print_words(p->out, f);
	print_away(p->out, f);
	if (via)
		buf_printf(p->out, ", via: %s", via);
	print_duration(p->out, "silent_after", f->silent_ms);
	print_duration(p->out, "off_delay", f->off_delay_ms);
	buf_char(p->out, '}');
	if (f->sample) {
		buf_str(p->out, " # heard ");
		discover_quote(p->out, f->sample);
	}
	buf_char(p->out, '\n');
}

/* -- telemetry -- */

static void print_telemetry(struct print *p, const char *topic, const char *head)
{
	const struct discover *d = p->d;
	int n = 0;

	for (int i = discover_first(d, topic); is_of(d, i, topic); i++) {
		if (settled(d, i).kind)
			continue;
		if (n < TELEMETRY_MAX)
			buf_str(p->out, n ? ", " : head);
		if (n < TELEMETRY_MAX)
			discover_quote(p->out, d->finds[i]->pointer ? d->finds[i]->pointer : "the payload");
		n++;
	}
	if (n > TELEMETRY_MAX)
		buf_printf(p->out, " and %d more", n - TELEMETRY_MAX);
	buf_str(p->out, n ? "\n" : "");
}

static void print_sensors(struct print *p)
{
	int at, n_left;
	bool is_first = true;

	for (at = 0; at < p->n && p->out->len < DISCOVER_YAML_BYTES; at++) {
		const struct row *r = &p->rows[at];

		buf_str(p->out, is_first ? "sensors:\n" : "");
		is_first = false;
		if (!at || strcmp(r->f.topic, r[-1].f.topic) != 0)
			print_telemetry(p, r->f.topic, "  # also there: ");
		print_sensor(p, r);
	}
	n_left = p->n - at + p->n_more;
	/* gateways, which those above name */
	for (int i = at; at && i < p->n && p->out->len < DISCOVER_YAML_BYTES + GATEWAYS_BYTES; i++)
		if (!strcmp(p->rows[i].f.kind, "link")) {
			print_sensor(p, &p->rows[i]);
			n_left--;
		}
	if (n_left)
		buf_printf(
		    p->out,
		    "# %d more sensors are left out: the file would be too long. Listen with --topic.\n",
		    n_left);
}

/* -- the file -- */

static void print_count(struct buf *out, int n, const char *what)
{
	if (n)
		buf_printf(out, "# %d %s\n", n, what);
}

static void print_left_out(struct print *p)
{
	const struct discover *d = p->d;

	print_count(p->out, p->n_site, "fields are sensors of the site already");
	print_count(p->out, d->n_more_topics,
	            "messages on more topics than can be kept were left out: use --topic");
	print_count(p->out, d->n_more_finds, "fields more than can be kept were left out: use --topic");
	print_count(p->out, d->n_long, "names that are too long or cannot be written were left out");
	print_count(p->out, d->n_big, "messages too large for tocsind (64 KiB) were left out");
	print_count(p->out, d->n_broken, "messages that are neither text nor JSON were left out");
}

static int count_ready(const struct print *p)
{
	int n = 0;

	for (int i = 0; i < p->n; i++)
		n += !p->rows[i].f.undecided;
	return n;
}

void discover_print(struct discover *d, struct buf *out)
{
	struct print p = {.d = d, .out = out};
	int n_ready;

	collect(&p);
	n_ready = count_ready(&p);
	buf_printf(
	    out,
	    "# %d sensors found on %d topics; %d more wait for a decision. Kinds and zones are guesses:\n"
	    "# read every line, then put it under `zones` and `sensors` of the site, or include the file.\n",
	    n_ready, d->n_topics, p.n - n_ready);
	print_left_out(&p);
	print_zones(&p);
	print_sensors(&p);
	free(p.rows);
}
