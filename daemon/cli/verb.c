/* verb.c - what people do: raise, ack, done ... and reload. The words go to
 * the daemon as they were typed, the same as on MQTT. */
#include "ask.h"
#include "print.h"

#include <stdio.h>
#include <string.h>

enum {
	LINE_MAX_BYTES = 8191, /* of a request, its end not counted */
	VERB_WAIT_MS = 120000, /* operate answers when the actuator did */
};

/* "17 scene KEY=VALUE..." as the JSON command, so that values keep their spaces. */
static void record_json(const struct cli *c, struct buf *out)
{
	json_open(out, NULL, '{');
	json_str(out, "id", c->args[0]);
	json_str(out, "step", c->args[1]);
	json_open(out, "values", '{');
	for (int i = 2; i < c->n; i++) {
		char key[64];
		size_t len = strcspn(c->args[i], "=");
		snprintf(key, sizeof(key), "%.*s", (int)(len < 63 ? len : 63), c->args[i]);
		json_str(out, key, c->args[i] + len + 1);
	}
	json_close(out, '}');
	json_close(out, '}');
}

static bool pairs_are_whole(const struct cli *c)
{
	for (int i = 2; i < c->n; i++)
		if (c->args[i][0] == '=' || !strchr(c->args[i], '='))
			return false;
	return true;
}

static void words(const struct cli *c, struct buf *out)
{
	if (!strcmp(c->verb, "record") && c->n > 2) {
		record_json(c, out);
		return;
	}
	for (int i = 0; i < c->n; i++) {
		buf_str(out, i ? " " : "");
		buf_str(out, c->args[i]);
	}
	if (!strcmp(c->verb, "ack") && !c->n)
		buf_str(out, "ack"); /* an empty payload is never a command */
}

static void request(const struct cli *c, struct buf *out)
{
	struct buf text = {0};

	words(c, &text);
	json_open(out, NULL, '{');
	json_str(out, "do", "verb");
	json_str(out, "verb", c->verb);
	json_str(out, "text", buf_text(&text));
	json_str(out, "as", c->as);
	json_close(out, '}');
	buf_fini(&text);
}

static void say(const struct answer *result)
{
	const struct answer *choices = answer_get(result, "choices");

	print_safe(stdout, answer_str(result, "text"));
	putchar('\n');
	for (int i = 0; i < answer_count(choices); i++) {
		fputs("  ", stdout);
		print_safe(stdout, answer_text(answer_at(choices, i)));
		putchar('\n');
	}
}

int verb_send(const struct cli *c)
{
	struct ask a;
	struct err err = {0};
	struct buf ask = {0};
	struct answer *result = NULL;
	const char *line = NULL;

	if (!strcmp(c->verb, "record") && !pairs_are_whole(c))
		return cli_fail(c, CLI_USAGE, "bad_text", "facts are written KEY=VALUE, each one argument");
	request(c, &ask);
	if (ask.len >= LINE_MAX_BYTES) { /* the daemon would hang up in the middle */
		buf_fini(&ask);
		return cli_fail(c, CLI_REFUSED, "too_big", "a command has at most 4 KiB");
	}
	if (!ask_open(&a, c->socket, &err) && !ask_send(&a, buf_text(&ask), &err))
		line = ask_line(&a, VERB_WAIT_MS, &err);
	int code = line ? ask_judge(c, line, &result) : cli_fail(c, CLI_UNREACHABLE, "unreachable", err.text);
	if (result)
		say(result);
	answer_free(result);
	ask_close(&a);
	buf_fini(&ask);
	return code;
}

int verb_reload(const struct cli *c)
{
	struct answer *line;
	int code = ask_word(c, "reload", &line);

	if (!code && !c->json) {
		print_safe(stdout, answer_str(line, "text"));
		putchar('\n');
	}
	answer_free(line);
	return code;
}
