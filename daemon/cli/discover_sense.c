/* discover_sense.c - what names, device classes and units mean: tables of
 * kinds. A wrong guess must never be a silent one: what could be read in two
 * ways is left to a person. */
#include "base/text.h"
#include "discover_find.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct sense {
	const char *name, *kind; /* NULL: telemetry */
	bool on_is_normal;
};

static const struct sense binary_classes[] = {
    {"smoke", "smoke", false},         {"gas", "gas", false},         {"carbon_monoxide", "co", false},
    {"moisture", "leak", false},       {"heat", "heat", false},       {"cold", "cold", false},
    {"power", "mains", true},          {"door", "contact", false},    {"window", "contact", false},
    {"garage_door", "contact", false}, {"opening", "contact", false}, {"safety", "safety", false},
    {"problem", "problem", false},
};

static const struct sense number_classes[] = {
    {"temperature", "temperature", false}, {"gas", "gas", false},
    {"carbon_monoxide", "co", false},      {"voltage", "mains", false},
    {"pressure", "pressure", false},       {"volume_flow_rate", "flow", false},
};

/* Sought as whole words in a field's name; the first row that fits. */
static const struct sense names[] = {
    {"battery", NULL, false},
    {"linkquality", NULL, false},
    {"tamper", NULL, false},
    {"test", NULL, false},
    {"fault", NULL, false},
    {"trouble", NULL, false},
    {"sensitivity", NULL, false},
    {"duration", NULL, false},
    {"time", NULL, false},
    {"timer", NULL, false},
    {"mute", NULL, false},
    {"silence", NULL, false},
    {"count", NULL, false},
    {"interval", NULL, false},
    {"threshold", NULL, false},
    {"calibration", NULL, false},
    {"offset", NULL, false},
    {"limit", NULL, false},
    {"enable", NULL, false},
    {"led", NULL, false},
    {"unit", NULL, false},
    {"update", NULL, false},
    {"device", NULL, false},
    {"dew", NULL, false},
    {"reactive", NULL, false},
    {"errors", NULL, false},
    {"control", NULL, false},
    {"max", NULL, false},
    {"min", NULL, false},
    {"history", NULL, false},
    {"smoke_density", NULL, false},
    {"concentration", NULL, false},
    {"operation", NULL, false},
    {"smoke", "smoke", false},
    {"fire", "smoke", false},
    {"carbon_monoxide", "co", false},
    {"co", "co", false},
    {"gas", "gas", false},
    {"lel", "gas", false},
    {"methane", "gas", false},
    {"ch4", "gas", false},
    {"lpg", "gas", false},
    {"leak", "leak", false},
    {"leakage", "leak", false},
    {"flood", "leak", false},
    {"wet", "leak", false},
    {"water", "leak", false},
    {"waterleak", "leak", false},
    {"wassermelder", "leak", false},
    {"heat", "heat", false},
    {"callpoint", "callpoint", false},
    {"call_point", "callpoint", false},
    {"sos", "callpoint", false},
    {"panic", "callpoint", false},
    {"mains", "mains", false},
    {"voltage", "mains", false},
    {"power_low", "mains", false},
    {"power_loss", "mains", false},
    {"contact", "contact", false},
    {"door", "contact", false},
    {"window", "contact", false},
    {"temperature", "temperature", false},
    {"temp", "temperature", false},
    {"t_c", "temperature", false},
    {"pressure", "pressure", false},
    {"flow", "flow", false},
};

/* Chinese names have no words to tell apart: sought anywhere. */
static const struct sense chinese[] = {
    {"电池", NULL, false},        {"烟", "smoke", false},         {"燃气", "gas", false},
    {"一氧化碳", "co", false},    {"漏水", "leak", false},        {"水浸", "leak", false},
    {"手报", "callpoint", false}, {"温度", "temperature", false}, {"压力", "pressure", false},
    {"流量", "flow", false},      {"门磁", "contact", false},     {"市电", "mains", false},
};

#define COUNT(A) ((int)(sizeof(A) / sizeof *(A)))

/* "WaterLeak-2" as "_water_leak_2_". */
static void normalise(const char *name, char ret[256])
{
	size_t n = 0;
	char before = '_';

	ret[n++] = '_';
	for (; *name && n < 252; before = *name++) {
		bool is_word = isalnum((unsigned char)*name) || (unsigned char)*name >= 0x80;

		if (isupper((unsigned char)*name) && islower((unsigned char)before))
			ret[n++] = '_';
		ret[n++] = is_word ? (char)tolower((unsigned char)*name) : '_';
	}
	ret[n++] = '_';
	ret[n] = 0;
}

const char *sense_name(const char *field)
{
	char name[256], word[64];

	for (int i = 0; i < COUNT(chinese); i++)
		if (strstr(field, chinese[i].name))
			return chinese[i].kind;
	normalise(field, name);
	for (int i = 0; i < COUNT(names); i++) {
		snprintf(word, sizeof word, "_%s_", names[i].name);
		if (strstr(name, word))
			return names[i].kind;
	}
	return NULL;
}

bool sense_class(bool is_binary, const char *class, const char **ret_kind, bool *ret_on_is_normal)
{
	const struct sense *table = is_binary ? binary_classes : number_classes;
	int n = is_binary ? COUNT(binary_classes) : COUNT(number_classes);

	*ret_kind = NULL;
	*ret_on_is_normal = false;
	for (int i = 0; i < n; i++) {
		if (strcmp(table[i].name, class) != 0)
			continue;
		*ret_kind = table[i].kind;
		*ret_on_is_normal = table[i].on_is_normal;
	}
	return *class != 0;
}

/* -- the shipped profiles -- */

/* Texts between spaces, as rules/profiles has them. */
static const struct {
	const char *profile, *alarm, *normal;
} profiles[] = {
    {"zigbee2mqtt", " true on alarm yes ", " false off normal no "},
    {"tasmota", " on 1 ", " off 0 "},
    {"shelly1", " true mild heavy ", " false none normal "},
    {"shelly2", " true ", " false "},
    {"esphome", " on ", " off "},
    {"neuron", " 1 true ", " 0 false "},
    {"chirpstack", " true 1 leak alarm abnormal ", " false 0 normal "},
    {"ttn", " true 1 leak alarm abnormal ", " false 0 normal "},
    {"aliyun", " 1 true on alarm ", " 0 false off normal "},
    {"huawei", " 1 true on alarm ", " 0 false off normal "},
    {"plain", " alarm on 1 true yes ", " normal off 0 false no ok "},
};

static bool is_among(const char *words, const char *text)
{
	char word[64];

	if (snprintf(word, sizeof word, " %s ", text) >= (int)sizeof word || strchr(text, ' '))
		return false;
	return strcasestr(words, word) != NULL;
}

bool sense_profile_has(const char *profile, const char *alarm, const char *normal)
{
	for (int i = 0; profile && i < COUNT(profiles); i++)
		if (!strcmp(profiles[i].profile, profile))
			return (!alarm || is_among(profiles[i].alarm, alarm)) &&
			       (!normal || is_among(profiles[i].normal, normal));
	return false;
}

/* -- is it enough to go by? -- */

static bool is_kind(const struct find *f, const char *words)
{
	return f->kind && is_among(words, f->kind);
}

static bool is_voltage_of_mains(const struct find *f)
{
	int64_t milli;

	return f->sample && milli_parse(f->sample, strlen(f->sample), &milli) && milli >= 80000 &&
	       milli <= 480000;
}

static void settle_mains(struct find *f)
{
	if (is_voltage_of_mains(f) && (!f->unit || !strcmp(f->unit, "V")))
		f->unit = "V";
	else if (f->sample || (f->unit && strcmp(f->unit, "V") != 0))
		f->kind = NULL; /* of a battery or a supply */
	else
		f->undecided = "is it the voltage of the mains? nothing was heard of it";
}

static void settle_gas(struct find *f)
{
	static const char *const spellings[] = {"%LEL", "% LEL", "LEL", "%lel"};

	for (int i = 0; f->unit && i < COUNT(spellings); i++)
		if (!strcmp(f->unit, spellings[i])) {
			f->unit = "%LEL";
			return;
		}
	if (f->unit && strchr(f->unit, 'm') == f->unit && strncmp(f->unit, "mg", 2) != 0)
		f->kind = NULL; /* m³: how much was used */
	else
		f->undecided = "a number that is not in %LEL: which unit, and from where on is it an alarm?";
}

static void settle_pressure(struct find *f)
{
	if (f->unit && is_among(" hpa mbar inhg mmhg ", f->unit))
		f->kind = NULL; /* of the air */
	else if (!f->unit && f->profile && is_among(" zigbee2mqtt tasmota esphome ", f->profile))
		f->kind = NULL;
}

static void settle_number(struct find *f)
{
	if (is_kind(f, " mains ")) {
		settle_mains(f);
	} else if (is_kind(f, " gas ")) {
		settle_gas(f);
	} else if (is_kind(f, " pressure ")) {
		settle_pressure(f);
	} else if (is_kind(f, " temperature ") && !f->unit) {
		f->unit = "°C";
	} else if (!is_kind(f, " temperature flow co ")) {
		f->undecided = "a number: from where on is it an alarm?";
	}
	if (f->kind && !f->unit && !f->undecided)
		f->undecided = "which unit does it measure in? unit: ...";
}

static void settle_words(struct find *f)
{
	if (is_kind(f, " contact ") && !f->alarm && f->profile && !strcmp(f->profile, "zigbee2mqtt")) {
		f->alarm = "false"; /* there `true` means closed */
		f->normal = "true";
	} else if (is_kind(f, " contact ") && !f->alarm) {
		f->undecided = "which of its texts means open? words: {open: [...], closed: [...]}";
	} else if (is_kind(f, " mains ") && !f->alarm && !strcasestr(f->field ? f->field : "", "power_lo")) {
		f->undecided = "does it say that the mains are there, or that they are gone?";
	} else if (is_kind(f, " temperature pressure flow ")) {
		f->kind = NULL;
	}
}

void sense_settle(struct find *f)
{
	const char *sample = f->sample ? f->sample : "";
	bool is_bit = !strcmp(sample, "0") || !strcmp(sample, "1");

	if (!f->kind || f->undecided)
		return;
	if (f->is_number && !f->alarm && is_bit && is_kind(f, " smoke gas co leak heat callpoint ")) {
		if (sense_profile_has(f->profile, "1", "0"))
			return;
		f->alarm = "1";
		f->normal = "0";
	} else if (f->is_number && !f->alarm && !(is_bit && is_kind(f, " mains contact "))) {
		settle_number(f);
	} else {
		settle_words(f);
	}
}
