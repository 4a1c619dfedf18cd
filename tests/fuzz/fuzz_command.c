/* fuzz_command.c - any command ("verb\npayload"): accepted or refused, never
 * half: an accepted one has what its verb needs, all of it valid text. */
#include "base/arena.h"
#include "base/text.h"
#include "intake/intake.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_text(const char *text)
{
	return !text || utf8_valid(text, strlen(text));
}

static void check(const struct command *c)
{
	const char *args = verb_args(c->verb);
	const char *const texts[] = {c->type,   c->zone,    c->step, c->choice, c->actuator, c->action,
	                             c->person, c->channel, c->role, c->words,  c->id_text,  c->reply.req,
	                             c->hazard, c->permit,  c->name};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		must(is_text(texts[i]) && (!texts[i] || *texts[i]));
	for (int i = 0; i < c->n_pairs; i++)
		must(c->pairs[i].key && c->pairs[i].value && is_text(c->pairs[i].key) &&
		     is_text(c->pairs[i].value));
	for (int i = 0; i < c->without.n; i++)
		must(is_text(c->without.at[i]));
	must(!strchr(args, 'I') || c->id > 0 || c->id_text);
	must(!strchr(args, 's') || c->step);
	must(!strchr(args, 'c') || c->choice);
	must(!strchr(args, 'a') || (c->actuator && c->action));
	must(!strchr(args, 't') || (c->type && c->zone));
	must(!strchr(args, 'k') || c->n_pairs > 0);
	must(!strchr(args, 'W') || c->words);
	must(!strchr(args, 'D') || c->for_ms > 0);
	must(!strchr(args, 'd') || c->for_ms >= 0);
	must(!strchr(args, 'N') || c->name);
	must(!strchr(args, 'm') || (c->hazard && c->permit && c->person));
	must(!strchr(args, 'y') || c->action);
	must(!(c->id && c->id_text) && !(c->id && c->all) && c->rev >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t verb_len = line ? (size_t)(line - data) : 0, len = line ? size - verb_len - 1 : size;
	char *verb = malloc(verb_len + 1), *payload = malloc(len ? len : 1);
	struct arena arena;
	struct event ev;

	arena_init(&arena);
	if (verb_len)
		memcpy(verb, data, verb_len);
	verb[verb_len] = 0;
	if (len)
		memcpy(payload, data + size - len, len);
	if (command_parse("wang", verb, payload, len, &arena, &ev)) {
		must(ev.kind == EVENT_COMMAND && !strcmp(ev.command.user, "wang"));
		if (ev.command.bad == REFUSAL_NONE)
			check(&ev.command);
		else
			must(len > 4096 ? ev.command.bad == REFUSAL_TOO_BIG
			                : ev.command.bad == REFUSAL_BAD_TEXT || ev.command.bad == REFUSAL_NO_END);
	}
	arena_fini(&arena);
	free(verb);
	free(payload);
	return 0;
}
