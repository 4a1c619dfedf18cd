/* store.h - the audit log and the saved state, in SQLite, written by one
 * thread through one connection. A turn is the only way anything becomes
 * durable; its outcome is committed, or it is tried again, the same, until it
 * is (after a failed COMMIT the head is read first: it may be durable). */
#ifndef TOCSIN_STORE_H
#define TOCSIN_STORE_H

#include "base/err.h"
#include "engine/engine.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { HASH_BYTES = 65 }; /* hex SHA3-256 with NUL */

struct stored_row {
	struct row row;
	char hash[HASH_BYTES]; /* filled by the store thread */
};

/* Rows up to there stand in a file of their own, proven: the living log goes on from that row's hash. */
struct let_go {
	int64_t upto;
	char hash[HASH_BYTES]; /* of row upto */
	char file[PATH_MAX];
};

/* What stored turns took in: all accepted in earlier epochs, and in this one up to that inbox number. */
struct taken {
	int64_t epoch, number;
};

/* The loop's until store_submit, the store thread's until store_take gives it
 * back. `effects` and `arg` are the loop's and never touched by the store. */
struct turn {
	int64_t number; /* 1, 2, ... of this process */
	struct stored_row *rows;
	int n_rows;
	struct records records;
	int64_t ids_reserved; /* for the side file; 0: unchanged */
	int64_t inbox_upto;   /* last inbox item taken into it; 0: none */
	struct taken taken;   /* stored with it: after a crash nothing is taken twice */
	const struct let_go *let_go; /* NULL: none; what fits the database no more is passed over */
	void *arg;
};

enum store_answer { STORE_NOTHING, STORE_COMMITTED, STORE_REPLACED, STORE_FENCED, STORE_ERROR };

/* The last accepted plan's source, beside the database. */
#define STORE_LAST_GOOD "last-good.yaml"

struct store;

/* How the open went, for the start rules of DESIGN section 4. */
enum store_open_result {
	STORE_OPENED,	 /* as it was left, or new on an empty directory */
	STORE_SET_ASIDE, /* a new one begun: the old one was corrupt or no database (moved to
			    <name>.bad-<time>), or is gone although the side file knows of it */
	STORE_UNUSABLE,	 /* cannot be written, or the disk hangs: degraded; the thread goes on
			    trying with each turn */
};

/* Starts the thread, which opens or creates the database at `path` and checks
 * it; waits for that for 10 s at most (what a disk that hung so long held is not
 * restored: if it held rows, the first turn that reaches it is fenced). The
 * site fixes the genesis hash. wake is called from the store thread whenever
 * store_take has an answer; it must only post (the store's lock is held).
 * Never NULL. err says what is wrong when the result is not STORE_OPENED; with
 * STORE_OPENED it is empty, or says that the newest rows are missing or changed
 * (a fault to be told, nothing that stops the work). */
struct store *store_open(const char *path, const char *site, void (*wake)(void *arg), void *arg,
			 enum store_open_result *ret_result, struct err *err);
/* Waits for the turn in flight, at most 2 s. true: a turn not yet taken is the
 * caller's again. false: the thread hangs in the disk and still holds it; the
 * process is about to end, leave it. wake is not called any more. */
bool store_close(struct store *s);

/* What was saved; strings live until store_free_restored. Before the first
 * submit. Also of a store that can only be read; empty when not even that. */
struct restored {
	struct record *records;
	int n;
	int64_t seq;  /* of the last audit row, 0 none */
	char head[HASH_BYTES]; /* the genesis hash when seq is 0 */
	int64_t epoch;	  /* of the last row, 0 none */
	int64_t at_ms;	  /* site time of the last row, -1 none */
	struct taken taken;
	int64_t ids_side; /* from the side file `ids`: incident numbers below it may be used; 0 no side file */
};
void store_restored(struct store *s, struct restored *ret);
void store_free_restored(struct restored *r);

/* Accepted plans: source bundle by hash (NULL: not there). Small, synchronous
 * reads on a read-only connection; writing travels with the next turn, and
 * drops those that no saved record names, but for the newest (32 MiB of them, four at least). */
char *store_plan(struct store *s, const char *hash, size_t *ret_len);
void store_keep_plan(struct store *s, const char *hash, const char *bundle, size_t len);
/* Writes the file STORE_LAST_GOOD soon, by the store thread; a failure is logged. */
void store_last_good(struct store *s, const char *bundle, size_t len);

/* One turn at a time: submit only after the answer to the one before. */
void store_submit(struct store *s, struct turn *turn);
/* Ask until it says STORE_NOTHING. STORE_COMMITTED gives the turn back with its
 * hashes; err->text is empty or says what else should be told (side file not
 * written, reserve of the full disk used up). STORE_REPLACED is the same, but
 * the database was damaged: a new one goes on from its head (err->text says
 * why) and holds nothing but this turn: all saved state and plans are to go
 * with the next. STORE_FENCED gives the turn back
 * unstored: the database holds other rows than this process knows; every later
 * turn gets the same answer. STORE_ERROR gives nothing back: the turn failed and
 * is being tried again (said once per turn; err->text says why). */
enum store_answer store_take(struct store *s, struct turn **ret_turn, struct err *err);

/* For how long the store thread has been at the disk now; -1: it waits, for a turn or for the next try. */
int64_t store_at_disk_ms(const struct store *s);
/* Any thread: is the disk nearly full (store_disk.h says when)? As it was when last looked. */
bool store_disk_is_low(const struct store *s);
bool store_disk_is_shut(const struct store *s); /* its directory cannot be written */

/* Rows from..to for `resend`, read-only, in order; stops when fn returns false. As everywhere, rows that were let
 * go are not there, though the store thread deletes them bit by bit. */
int store_each_row(const char *path, int64_t from, int64_t to,
		   bool (*fn)(void *arg, int64_t seq, const char *rec, const char *hash), void *arg, struct err *err);

/* audit verify on a file or copy, read-only. */
struct verify {
	int64_t rows, first_bad, head_seq; /* first_bad 0: none; of a gap the first row that is missing */
	int64_t base_seq; /* rows up to it stand in a database that was replaced; 0: all are here */
	char head[HASH_BYTES];
	char why[200]; /* of first_bad */
};
/* 0: read, the caller judges. -1: cannot be read, or does not say its site. */
int store_verify(const char *path, struct verify *ret, struct err *err);

/* The same row by row, in parts: goes on behind the row it came to, and hands out each row. */
struct chain_walk {
	struct verify v;       /* so far */
	char site[128];        /* the database's */
	int64_t seq;           /* of the row before */
	char hash[HASH_BYTES]; /* its own word, right or not */
	bool begun;
	int64_t upto; /* no further; 0: to the end */
};
struct row_taker {
	bool (*take)(void *arg, int64_t seq, const char *rec, const char *hash); /* false: enough */
	void *arg;
};
/* At most n_rows of them. w begins as {0}; goes on in another file, too, and proves that it fits. */
enum walked {
	WALK_UNREADABLE = -1,
	WALK_END,
	WALK_MORE,   /* there may be more */
	WALK_BEHIND, /* nothing was read: the rows that come next were let go */
};
enum walked store_walk(const char *path, struct chain_walk *w, int64_t n_rows, const struct row_taker *to, struct err *err);
/* What of a file is not before a time. */
struct log_span {
	int64_t first_seq;     /* of the file */
	int64_t from_seq;      /* the first row that is not before it */
	char hash[HASH_BYTES]; /* of the row before that: what a walk goes on from */
	bool is_cut;           /* rows before the file's first one stand elsewhere */
};
/* 1: found, 0: there is none, -1: cannot be read. */
int store_span(const char *path, int64_t since_ms, struct log_span *ret, struct err *err);
/* The hash of one row of the file; -1 when it has none. */
int store_hash_at(const char *path, int64_t seq, char ret_hash[HASH_BYTES], struct err *err);

/* The whole store as one new file, while the daemon runs or not: rows, saved state, plans, and how far
 * incident numbers were given. ret: what the copy's chain is worth. */
int store_backup(const char *path, const char *copy, struct verify *ret, struct err *err);
/* From such a file (or any copy) to where no database is. Numbers and epochs go on far above the copy's. */
int store_restore(const char *copy, const char *path, struct verify *ret, struct err *err);

/* Where the living log begins and ends, unproven. */
struct log_ends {
	int64_t base_seq, head_seq;
	int64_t head_ms; /* the newest row's time, -1: there is none, or it says none */
};
int store_ends(const char *path, struct log_ends *ret, struct err *err);
/* Its rows up to `through` and its plans into a file of their own, proven, while the daemon runs or not. */
int store_segment(const char *path, const char *segment, int64_t through, struct verify *ret, struct err *err);
/* -1: the file is the database, or lies where SQLite keeps what belongs to it. */
int store_not_itself(const char *path, const char *file, struct err *err);
/* -1: it is not what the database has, or was let go before. */
int store_may_let_go(const char *path, const struct let_go *go, struct err *err);
/* While nobody else has the database: lets go, deletes, and makes the file smaller. */
int store_let_go(const char *path, const struct let_go *go, struct err *err);

/* The files in which rows that were let go stand, the oldest first; upto: the last of them. */
int store_segments(const char *path, bool (*fn)(void *arg, int64_t upto, const char *file), void *arg,
                   struct err *err);

/* Fault points for tests (fault.h): while the file PATH exists, trim-hold=PATH holds the deleting of rows that were
 * let go, trim-fail=PATH lets it fail, store-hold=PATH holds each commit, store-fail=PATH rolls it back and says I/O error;
 * store-unknown=PATH lets one commit succeed, reports it as failed and removes
 * PATH. */

#endif
