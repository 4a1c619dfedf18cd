/* reader.h - what the files of the language share: one run of language_read,
 * its sections, its problems. */
#ifndef TOCSIN_READER_H
#define TOCSIN_READER_H

#include "language/keys.h"
#include "language/language.h"
#include "language/tree.h"

/* A key and what stands under it: one sensor, one step, one map of settings. */
struct entry {
	const struct node *key, *body;
};

struct entries {
	struct entry *at;
	int n;
	int *by_id; /* indexes in order of id */
};

/* A role that a playbook names and nobody defined. */
struct wanted {
	const struct node *at; /* first use */
	int playbook;
};

/* Words, lists and pointers that many sensors write alike, once for all of them. */
enum { SHARED_MAX = 16 };
struct shared_words {
	const struct node *node;
	const struct word_set *sets;
};

/* All sensors of a kind fit a limit in this unit: found once, for many conditions. */
enum { FITS_MAX = 64 };
struct fit {
	const char *kind, *unit; /* unit "": none */
};

struct reader {
	const struct source *sources;
	int n_sources;
	struct problems *problems;
	const char **names; /* of the sources, as long as the problems live */
	int **lines;        /* byte offset of each line of a source; [0] is their number */
	bool is_broken;     /* a part could not be read: what is missing may stand there, and is not told of */
	bool is_dropped;    /* the last problem was known already: its hint too */
	struct arena arena; /* dies with the run */
	struct plan *plan;

	struct entries sections[SECTION_COUNT];
	struct entries off[SECTION_COUNT]; /* `enabled: false` */
	struct wanted *wanted;
	int n_wanted;
	int playbook; /* being read */
	const char **said;
	int n_said;
	int *by_kind; /* sensors, when kind.c has sorted them */
	struct fit fits[FITS_MAX];
	int n_fits;
	struct shared_words words[SHARED_MAX];
	int n_words; /* so many were kept; the oldest gives way */
	struct value_path paths[SHARED_MAX];
	int n_paths;
	struct strings lists[SHARED_MAX];
	int n_lists;
	const char *texts[SHARED_MAX * 4];
	int n_texts;
};

/* -- language.c -- */

/* The plan begun in r->plan stays the caller's. */
void reader_init(struct reader *r, const struct source *sources, int n, struct problems *problems);
void reader_fini(struct reader *r);

/* -- problem.c -- */

void lines_find(struct reader *r, int file);
struct mark mark_at(const struct reader *r, int file, size_t offset);
void complain_at(struct reader *r, struct mark at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void complain(struct reader *r, const struct node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void caution(struct reader *r, const struct node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* a warning */
void advise(struct reader *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));               /* the hint of the last problem */
const char *mark_text(struct reader *r, struct mark at); /* file:line:col */
bool say_once(struct reader *r, const char *what);       /* true the first time */
void problems_sort(struct problems *p);

/* -- nearest.c: did you mean -- */

struct nearest {
	const char *word, *best; /* best NULL: nothing is near */
	int distance;
};
void nearest_try(struct nearest *n, const char *candidate);
void advise_nearest(struct reader *r, const struct nearest *n);
/* The text has a full-width sign where YAML needs an ordinary one; says which. */
bool advise_full_width(struct reader *r, const char *text);

/* -- section.c -- */

void sections_collect(struct reader *r, const struct node *const *roots);
int entry_find(const struct entries *e, const char *id); /* index or -1 */
/* Index of an id in its section, or -1 and a problem. */
int entry_refer(struct reader *r, enum section section, const struct node *id);
void complain_no_entry(struct reader *r, enum section section, const struct node *id, bool is_warning);
/* From a file that the main one included (shipped, as a rule). */
bool is_included(const struct node *at);
/* More entries of a section, none of an id that it has. */
void section_add(struct reader *r, enum section s, const struct entry *more, int n);
/* The body of upper over that of lower, key by key; either may be NULL. */
struct entry entry_merge(struct reader *r, const struct entry *lower, const struct entry *upper);
/* The entry says `enabled: false`; the key is taken out either way. */
bool entry_is_off(struct reader *r, struct entry *e);

/* -- kind.c -- */

/* Once all sensors are read: those of a kind in a zone, and those whose topic
 * says their zone; zone -1: all of the kind. */
struct each {
	const int *sensors;
	int at, end, next_at, next_end;
};
struct each each_of(struct reader *r, const char *kind, int zone);
int each_next(struct each *e); /* a sensor, or -1 */

/* -- keys.c, scalar.c -- */

/* Fills the struct at out from a map; false when that gave an error. */
bool keys_read(struct reader *r, const struct entry *e, const struct table *t, void *out);
/* The same for the one value of a key. */
bool value_read(struct reader *r, const struct key *key, const struct node *node, void *at);
const char *scalar_text(struct reader *r, const struct node *node, const char *what); /* NULL: said why */
/* what NULL: its key. */
bool must_be_map(struct reader *r, const struct entry *e, const char *what);
bool must_be_list(struct reader *r, const struct node *node, const char *what);
bool must_be_id(struct reader *r, const struct node *node);

/* A number that may repeat its sensor's unit; ret_unit NULL when it does not. */
bool number_read(struct reader *r, const struct node *node, int64_t *ret_milli, const char **ret_unit);
/* Wildcards of an MQTT filter, or -1 and a problem. */
int filter_check(struct reader *r, const struct node *node, const char *filter);
/* {1}..{9} in a pattern: the highest number, 0 none, or -1 and a problem. */
int captures_check(struct reader *r, const struct node *node, const char *pattern);

/* -- the sections, in the order they are read -- */

void site_read(struct reader *r);
void zones_read(struct reader *r);
void sensors_read(struct reader *r);
void people_read(struct reader *r);
void home_assistant_read(struct reader *r);
void channels_read(struct reader *r);
void rosters_read(struct reader *r);
/* channel.c: a person's ways and addresses; a node may be NULL. */
void ways_read(struct reader *r, const struct entry *e, const struct node *channels, struct person *ret);
void addresses_read(struct reader *r, const struct node *to, struct person *ret);
void chains_read(struct reader *r);
void actuators_read(struct reader *r);
void interlocks_read(struct reader *r);
void playbooks_read(struct reader *r);
void watches_read(struct reader *r); /* but for the types that incidents_read binds them to */
void incidents_read(struct reader *r);
void signs_read(struct reader *r); /* after the playbooks: their steps name some */
void roles_read(struct reader *r); /* after all that may want one */
void plan_check(struct reader *r); /* what several sections say together */

/* A role of a playbook; one that nobody defined is made up. */
int role_wanted(struct reader *r, const struct node *id);

/* -- watch.c -- */
void watches_signs(struct reader *r); /* before the sensors: signs that are topics become some */
/* Binds each watch to the type that a missed one raises; those that no file has are appended. The new n. */
int watches_missed(struct reader *r, struct incident_type *types, int n);

/* -- explain.c -- */
void explained_check(struct reader *r, struct incident_type *list, int n);

/* -- report.c -- */
/* The type's own report as a step of its playbook, unless that has one. */
void report_add(struct reader *r, const struct node *node, struct incident_type *type);

/* -- cond.c, cond_test.c -- */

/* A test as written, of a leaf or of a grade. */
struct test_text {
	struct strings is, is_not;
	const char *has_word;
	const struct node *above, *below, *outside, *clear_above, *clear_below, *rises, *falls;
	int changes;
	int64_t over_ms, silent_ms, for_ms, clear_for_ms;
};

struct test_read {
	struct test test;
	bool is_given;
	const struct node *at; /* for problems */
	const char *unit;      /* repeated by the number, or NULL */
	int64_t for_ms, clear_for_ms;
};

extern const char *const test_names[]; /* in the order of enum test_op, NULL-ended */
/* The given one of several names, -1: none; more than one is a problem. */
int which_name(struct reader *r, const struct entry *e, const char *const *names, const char *advice);
bool test_read(struct reader *r, const struct entry *e, const struct test_text *text, struct test_read *ret);
/* Keys that belong to a test which is not there (op -1: to none). */
void test_strays(struct reader *r, const struct test_text *text, int op);
/* Do the unit and the words fit the sensors of the leaf? */
void test_fit(struct reader *r, const struct cond *c, const struct test_read *t);
/* The tree of a `when`; leaves without a test have node -1. */
bool cond_read(struct reader *r, const struct entry *e, struct cond *ret);
/* A copy whose bare leaves take the test; numbers the nodes from *next. */
void cond_expand(struct reader *r, const struct cond *from, const struct test_read *test, struct cond *ret,
                 int *next);
bool cond_has_bare(const struct cond *c);
void cond_degrade(struct cond *c); /* every vote in it */
/* Can the leaf look at this sensor, in some zone? */
bool cond_selects(const struct plan *p, const struct cond *c, int sensor);

#endif
