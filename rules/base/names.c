#include "base/names.h"

#include <string.h>

#define TEXT_2(A, T) T,
#define TEXT_3(A, T, C) T,
#define TEXT_4(A, T, Z, E) T,

static const char *const hazards[] = {HAZARD_LIST(TEXT_3)};
static const char *const severities[] = {SEVERITY_LIST(TEXT_2)};
static const char *const langs[] = {LANG_LIST(TEXT_2)};
static const char *const states[] = {STATE_LIST(TEXT_2)};
static const char *const cues[] = {CUE_LIST(TEXT_2)};
static const char *const step_kinds[] = {STEP_KIND_LIST(TEXT_2)};
static const char *const step_states[] = {STEP_STATE_LIST(TEXT_2)};
static const char *const deliveries[] = {DELIVERY_LIST(TEXT_2)};
static const char *const notice_kinds[] = {NOTICE_KIND_LIST(TEXT_2)};
static const char *const verbs[] = {VERB_LIST(TEXT_3)};
static const char *const refusals[] = {REFUSAL_LIST(TEXT_2)};
static const char *const audit_kinds[] = {AUDIT_KIND_LIST(TEXT_2)};
static const char *const selves[] = {SELF_LIST(TEXT_4)};

#define LETTER(A, T, C) C,
static const char letters[] = {HAZARD_LIST(LETTER)};

#define ARGS(A, T, G) G,
static const char *const args[] = {VERB_LIST(ARGS)};

#define TITLES(A, T, Z, E) {Z, E},
static const char *const self_titles[][LANG_COUNT] = {SELF_LIST(TITLES)};

static int from(const char *const *table, int n, const char *name)
{
	for (int i = 0; name && i < n; i++)
		if (!strcmp(table[i], name))
			return i;
	return -1;
}

#define NAME(FN, ENUM, TABLE)                                                                                \
	const char *FN##_name(enum ENUM v)                                                                   \
	{                                                                                                    \
		return TABLE[v];                                                                             \
	}
#define FROM(FN, TABLE)                                                                                      \
	int FN##_from(const char *name)                                                                      \
	{                                                                                                    \
		return from(TABLE, (int)(sizeof TABLE / sizeof *TABLE), name);                               \
	}

NAME(hazard, hazard, hazards)
NAME(severity, severity, severities)
NAME(lang, lang, langs)
NAME(state, state, states)
NAME(cue, cue, cues)
NAME(step_kind, step_kind, step_kinds)
NAME(step_state, step_state, step_states)
NAME(delivery, delivery, deliveries)
NAME(notice_kind, notice_kind, notice_kinds)
NAME(verb, verb, verbs)
NAME(refusal, refusal, refusals)
NAME(audit_kind, audit_kind, audit_kinds)
NAME(self, self, selves)

FROM(hazard, hazards)
FROM(severity, severities)
FROM(lang, langs)
FROM(state, states)
FROM(step_state, step_states)
FROM(delivery, deliveries)
FROM(notice_kind, notice_kinds)
FROM(verb, verbs)
FROM(self, selves)

char hazard_letter(enum hazard h)
{
	return letters[h];
}

const char *verb_args(enum verb v)
{
	return args[v];
}

const char *self_title(enum self s, enum lang l)
{
	return self_titles[s][l];
}
