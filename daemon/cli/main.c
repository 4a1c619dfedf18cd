/* main.c - tocsin, the command-line client: options, and the table of commands. */
#include "base/buf.h"
#include "cli.h"
#include "print.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words of `args` are required up to the first in brackets; "..." takes the
 * rest. `options` are the letters it takes beside those everybody takes. */
struct entry {
	const char *name, *args, *options, *help;
	int (*run)(const struct cli *c);
};

static const struct entry entries[] = {
    {"init", "[DIR|FILE]", "", "write a small site with you as the only person; overwrites nothing",
     site_init},
    {"check", "[FILE]", "ml", "all problems of a configuration (default /etc/tocsin/tocsin.yaml)", site_check},
    {"test", "FILE...", "n", "what a site would do, in virtual time: no broker, no daemon", rehearse_command},
    {"status", "", "", "trouble first, then what is open and who is called next, and when", view_status},
    {"list", "", "a", "open incidents; --closed shows the closed ones too", view_list},
    {"show", "ID", "", "one incident: members, steps, deliveries, who is called next", view_show},
    {"follow", "", "", "audit rows as they are stored, until interrupted", rows_follow},
    {"oncall", "[ROLE]", "A", "who holds each role now, or --at TIME, and which rule chose them", view_oncall},
    {"audit", "verify|export", "dhc", "prove the audit log, or write it out", rows_audit},
    {"report", "ID", "dhgz", "the report of one incident, from the audit alone", report_command},
    {"log", "", "dzqry", "everything that happened, one line each; --shift: since the last hand-over", report_log},
    {"stats", "", "dzqrT", "how many alarms, from where, how soon somebody came: the figures of ISA-18.2", stats_command},
    {"backup", "FILE", "d", "the audit, the saved state and the plans as one file, while the daemon runs", backup_command},
    {"restore", "FILE [DIR]", "", "such a file back to a directory that has no database (default /var/lib/tocsin)",
     restore_command},
    {"archive", "[FILE]", "dKF", "rows older than --keep 400d into a file of their own, while the daemon runs", archive_command},
    {"reload", "", "", "read the configuration again; a broken one changes nothing", verb_reload},
    {"raise", "TYPE ZONE [words...]", "", "report an emergency", verb_send},
    {"ack", "[ID|all] [words...]", "", "take an incident: the calling stops", verb_send},
    {"done", "ID STEP [words...]", "", "a step is done", verb_send},
    {"failed", "ID STEP [words...]", "", "a step is not possible, and why", verb_send},
    {"decide", "ID STEP CHOICE [words...]", "", "choose a branch", verb_send},
    {"record", "ID STEP KEY=VALUE...", "", "enter the facts a step asks for", verb_send},
    {"note", "ID words...", "", "add words to an incident", verb_send},
    {"operate", "ACTUATOR ACTION", "", "command an actuator; interlocks apply", verb_send},
    {"reset", "ID [words...]", "", "all-clear; fire, gas and people need two persons", verb_send},
    {"close", "ID [words...]", "", "end an incident whose work is done", verb_send},
    {"handover", "[ROLE]", "", "what your shift hands over, to be read and signed", verb_send},
    {"accept", "ROLE [words...]", "", "take over a shift: your signature", verb_send},
    {"refuse", "ROLE [words...]", "", "refuse a hand-over: unprepared, few, stand-in, unfit", verb_send},
    {"override", "ROLE PERSON [FROM] [UNTIL] [words...]", "", "somebody stands in; counts when one above agrees",
     verb_send},
    {"sign", "ID [words...]", "", "sign the report of an incident, as it is now", verb_send},
    {"shelve", "ID DURATION words...", "", "no calls for an incident for so long, and why", verb_send},
    {"unshelve", "ID [words...]", "", "the calls go on", verb_send},
    {"isolate", "ZONE HAZARD DURATION PERMIT WATCHPERSON", "", "hot work: smoke in the zone calls nobody but who watches",
     verb_send},
    {"rejoin", "ZONE HAZARD", "", "the end of an isolation", verb_send},
    {"out", "NAME DURATION words...", "", "a detector, pump or valve is out of service", verb_send},
    {"back", "NAME [words...]", "", "and back", verb_send},
    {"tag", "NAME hang|down [ZONE|ACTUATOR] [words...]", "", "a lock-out sign hangs, or is taken down", verb_send},
    {"escalate", "ID [words...]", "", "call the next level now", verb_send},
    {"drill", "TYPE ZONE [words...]", "", "an exercise: everybody called, nothing switched", verb_send},
    {"ring", "PERSON [CHANNEL]", "", "a test notice", verb_send},
    {"resend", "FROM TO", "", "audit rows again on the topic event, for whoever holds the role auditor", verb_send},
    {"doctor", "[FILE]", "bupfekR", "what is wrong with this installation, and what to do; changes nothing",
     doctor_command},
    {"acl", "[FILE]", "", "the broker's access list for this site, and which users it needs", acl_command},
    {"discover", "[FILE]", "bupfekow", "listen for a while, print sensor YAML for what is seen", discover_command},
    {"guard", "", "bupfekitx", "on another host: alarms when this site's heartbeats stop", guard_command},
};
enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},         {"as", required_argument, NULL, 's'},
    {"socket", required_argument, NULL, 'S'}, {"db", required_argument, NULL, 'd'},
    {"head", required_argument, NULL, 'h'},   {"csv", no_argument, NULL, 'c'},
    {"closed", no_argument, NULL, 'a'},       {"help", no_argument, NULL, 'H'},
    {"version", no_argument, NULL, 'V'},      {"broker", required_argument, NULL, 'b'},
    {"user", required_argument, NULL, 'u'},   {"password-file", required_argument, NULL, 'p'},
    {"cafile", required_argument, NULL, 'f'}, {"cert", required_argument, NULL, 'e'},
    {"key", required_argument, NULL, 'k'},    {"site", required_argument, NULL, 'i'},
    {"after", required_argument, NULL, 't'},  {"exec", required_argument, NULL, 'x'},
    {"schema", no_argument, NULL, 'm'},       {"keys", no_argument, NULL, 'l'},
    {"junit", required_argument, NULL, 'n'}, {"at", required_argument, NULL, 'A'},
    {"for", required_argument, NULL, 'o'},    {"topic", required_argument, NULL, 'w'},
    {"html", no_argument, NULL, 'g'},         {"lang", required_argument, NULL, 'z'},
    {"since", required_argument, NULL, 'q'},  {"until", required_argument, NULL, 'r'},
    {"shift", no_argument, NULL, 'y'},       {"root", required_argument, NULL, 'R'},
    {"textfile", required_argument, NULL, 'T'}, {"keep", required_argument, NULL, 'K'},
    {"force", no_argument, NULL, 'F'},
    {NULL, 0, NULL, 0},
};

static void usage(FILE *to)
{
	fputs("usage: tocsin [--json] [--as PERSON] [--socket PATH] COMMAND ...\n\n", to);
	for (int i = 0; i < ENTRIES; i++)
		fprintf(to, "  %-9s %-25s %s\n", entries[i].name, entries[i].args, entries[i].help);
	fputs("\n  audit verify [--db FILE] [--head SEQ:HASH]   audit export [--json|--csv] [--db FILE]\n"
	      "  report ID [--html] [--lang zh|en] [--db FILE] [--head SEQ:HASH]\n"
	      "  log [--shift] [--since TIME] [--until TIME] [--lang zh|en] [--db FILE]   TIME: 2026-11-22 19:10\n"
	      "  stats [--since 30d|TIME] [--until TIME] [--lang zh|en] [--json] [--db FILE]\n"
	      "  stats --textfile FILE: metrics for node_exporter\n"
	      "  archive [FILE] [--keep 400d] [--force] [--db FILE]\n"
	      "  check --schema: the JSON Schema for editors; check --keys: every key and what it means.\n"
	      "  Instead of words after a verb one JSON object is understood too: tocsin ack "
	      "'{\"id\":\"G-17\",\"rev\":1}'\n"
	      "  guard --broker URL [--user NAME] [--password-file FILE] [--cafile FILE] [--cert FILE --key FILE]\n"
	      "        [--site ID] [--after 35s] [--exec PROGRAM]\n"
	      "  oncall --at TIME: 20:00, \"2026-12-24 20:00\", or RFC 3339, by the clocks of the site.\n"
	      "  test [--junit FILE] FILE...: the tests of these files, see testing.md\n"
	      "  doctor [FILE] [--root DIR] [--broker URL ...]: with a broker it also asks that, for commands kept there.\n"
	      "  discover [FILE] [--broker URL] [--user NAME] [--password-file FILE] [--for 60s] [--topic FILTER]...:\n"
	      "        default broker: the site's; sensors that the site has are not printed again.\n"
	      "  --as PERSON: root and the group tocsin-admin speak for somebody, and the audit says so.\n"
	      "  Exit: 0 done, 1 refused or problems found, 2 usage, 3 daemon unreachable.\n",
	      to);
}

static const struct entry *find(const char *name)
{
	for (int i = 0; i < ENTRIES; i++)
		if (!strcmp(entries[i].name, name))
			return &entries[i];
	return NULL;
}

/* Does a word count fit the `args` of an entry? One JSON object always does. */
static bool fits(const struct entry *e, int n, char **words)
{
	int least = 0, most = 0;

	for (const char *p = e->args; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		if (len > 3 && (!strncmp(p + len - 3, "...", 3) || !strncmp(p + len - 4, "...]", 4)))
			most = 1 << 20;
		most++;
		if (*p != '[')
			least++;
		p += len;
	}
	if (e->run == verb_send && n == 1 && words[0][0] == '{')
		return true;
	return n >= least && n <= most;
}

static enum lang language(void)
{
	const char *names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (int i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return !strncmp(value, "zh", 2) ? LANG_ZH : LANG_EN;
	}
	return LANG_EN;
}

/* An option of `guard`, `doctor` or `discover`: kept as it is. More topics than fit are a usage error. */
static bool guard_word_option(struct guard_words *w, int letter)
{
	const struct {
		int letter;
		const char **at;
	} words[] = {{'b', &w->broker}, {'u', &w->user}, {'p', &w->password_file},
	             {'f', &w->ca},     {'e', &w->cert}, {'k', &w->key},
	             {'i', &w->site},   {'t', &w->after}, {'x', &w->program},
	             {'o', &w->for_time}};

	for (int i = 0; letter == 'w' && i < CLI_TOPICS; i++) {
		if (w->topics[i])
			continue;
		w->topics[i] = optarg;
		return true;
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].letter != letter)
			continue;
		*words[i].at = optarg;
		return true;
	}
	return false;
}

/* An option of `report` or `log`. */
static bool record_option(struct cli *c, int letter)
{
	if (letter == 'g')
		c->html = true;
	else if (letter == 'y')
		c->shift = true;
	else if (letter == 'z')
		c->in_lang = optarg;
	else if (letter == 'q')
		c->since = optarg;
	else if (letter == 'r')
		c->until = optarg;
	return strchr("gyzqr", letter) != NULL;
}

/* One option into the client; 0, or the letter when it belongs to some commands only; -1 leave. */
static int option(struct cli *c, int letter, int *ret_code)
{
	if (guard_word_option(&c->guard, letter) || record_option(c, letter))
		return letter;
	switch (letter) {
	case 'j':
		c->json = true;
		return 0;
	case 's':
		c->as = optarg;
		return 0;
	case 'S':
		c->socket = optarg;
		return 0;
	case 'd':
		c->db = optarg;
		return letter;
	case 'h':
		c->head = optarg;
		return letter;
	case 'c':
		c->csv = true;
		return letter;
	case 'a':
		c->closed = true;
		return letter;
	case 'm':
		c->schema = true;
		return letter;
	case 'l':
		c->keys = true;
		return letter;
	case 'n':
		c->junit = optarg;
		return letter;
	case 'A':
		c->at = optarg;
		return letter;
	case 'R':
		c->root = optarg;
		return letter;
	case 'F':
		c->force = true;
		return letter;
	case 'K':
		c->keep = optarg;
		return letter;
	case 'T':
		c->textfile = optarg;
		return letter;
	case 'V':
		puts("tocsin " TOCSIN_VERSION);
		*ret_code = CLI_DONE;
		return -1;
	case 'H':
		usage(stdout);
		*ret_code = CLI_DONE;
		return -1;
	default:
		usage(stderr);
		*ret_code = CLI_USAGE;
		return -1;
	}
}

int cli_fail(const struct cli *c, int code, const char *word, const char *text)
{
	if (c->json) {
		struct buf out = {0};
		json_open(&out, NULL, '{');
		json_bool(&out, "ok", false);
		json_str(&out, "error", word);
		json_str(&out, "text", text);
		json_close(&out, '}');
		puts(buf_text(&out));
		buf_fini(&out);
	} else {
		fputs("tocsin: ", stderr);
		print_safe(stderr, text);
		fputc('\n', stderr);
	}
	return code;
}

static int wrong_words(const struct cli *c, const struct entry *e)
{
	char text[200];

	snprintf(text, sizeof text, "usage: tocsin %s %s", e->name, e->args);
	if (c->json)
		return cli_fail(c, CLI_USAGE, "usage", text);
	fprintf(stderr, "%s\n", text);
	return CLI_USAGE;
}

int main(int argc, char **argv)
{
	struct cli c = {.socket = getenv("TOCSIN_SOCKET"), .lang = language()};
	char given[16] = "";
	int letter, n_given = 0, code = CLI_DONE;

	signal(SIGPIPE, SIG_IGN);
	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		letter = option(&c, letter, &code);
		if (letter < 0)
			return code;
		if (letter && n_given < (int)sizeof(given) - 1)
			given[n_given++] = (char)letter;
	}
	if (!c.socket || !*c.socket)
		c.socket = "/run/tocsin/control.sock";
	if (optind >= argc) {
		usage(stderr);
		return CLI_USAGE;
	}
	const struct entry *e = find(argv[optind]);
	c.verb = argv[optind];
	c.n = argc - optind - 1;
	c.args = argv + optind + 1;
	if (!e)
		return cli_fail(&c, CLI_USAGE, "usage", "there is no command of that name; `tocsin --help` lists them");
	if (!fits(e, c.n, c.args) || strspn(given, e->options) != strlen(given))
		return wrong_words(&c, e);
	code = e->run(&c);
	return fflush(stdout) || ferror(stdout) ? (code ? code : CLI_REFUSED) : code;
}
