/* store_db.c - the database's shape: schema, settings, head of the chain, hash of a row. */
#include "store_db.h"

#include "base/time.h"
#include "fault.h"
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_VERSION = 1 };

static const char tables[] =
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, rec TEXT NOT NULL, hash TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE state(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE plan(hash TEXT PRIMARY KEY, bundle BLOB NOT NULL) STRICT;"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA user_version=1;";

/* What makes the next version of each older one (db_migrate), from version 1 on. There is none yet. A version that
 * comes raises SCHEMA_VERSION, changes `tables` above, and puts here what an older database lacks; no step ever
 * changes an audit row. */
static const char *const migrations[SCHEMA_VERSION] = {NULL};

/* Guards against accidents. The third also stops an INSERT OR REPLACE that would
 * remove the row which has the same hash. */
static const char triggers[] = "CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit BEGIN"
                               " SELECT RAISE(ABORT, 'an audit row is never changed'); END;"
                               "CREATE TRIGGER IF NOT EXISTS audit_no_gap BEFORE INSERT ON audit"
                               " WHEN NEW.seq IS NOT coalesce((SELECT max(seq) FROM audit),"
                               " (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'base'), 0) + 1"
                               " OR EXISTS (SELECT 1 FROM audit WHERE hash = NEW.hash) BEGIN"
                               " SELECT RAISE(ABORT, 'an audit row follows the one before it'); END;";

const char db_guard_deletes[] = "CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit BEGIN"
                                " SELECT RAISE(ABORT, 'an audit row is never deleted'); END;";

static enum sql_code guard(struct sql *s, struct err *err)
{
	enum sql_code code = sql_exec(s, triggers, err);

	return code == SQL_OK ? sql_exec(s, db_guard_deletes, err) : code;
}

static const struct {
	const char *name, *set, *back;
} settings[] = {
    {"journal_mode", "WAL", "wal"},
    {"synchronous", "FULL", "2"},
    {"wal_autocheckpoint", "1000", "1000"},
    {"journal_size_limit", "16777216", "16777216"},
    {"cache_size", "-512", "-512"}, /* KiB; the kernel keeps the rest */
    {"foreign_keys", "ON", "1"},
    {"trusted_schema", "OFF", "0"},
    {"temp_store", "MEMORY", "2"},
    {"cell_size_check", "ON", "1"},
};

void db_genesis(const char *site, char ret_hash[HASH_BYTES])
{
	static const char text[] = "tocsin-audit-1 site=";

	hash_sha3_256_hex((struct hash_piece[]){{text, sizeof text - 1}, {site, strlen(site)}}, 2, ret_hash);
}

void db_link(const char *prev, const char *rec, size_t len, char ret_hash[HASH_BYTES])
{
	hash_sha3_256_hex((struct hash_piece[]){{prev, strlen(prev)}, {"\n", 1}, {rec, len}}, 3, ret_hash);
}

/* "<key>digits" at *at */
static bool scan_int(const char **at, const char *key, int64_t *ret)
{
	size_t n = strlen(key);
	char *end;

	if (strncmp(*at, key, n) || (*at)[n] < '0' || (*at)[n] > '9')
		return false;
	*ret = strtoll(*at + n, &end, 10);
	*at = end;
	return true;
}

bool db_scan_rec(const char *rec, struct db_rec *ret)
{
	static const char key[] = ",\"at\":\"";
	char at[TIME_TEXT_BYTES];
	int64_t version;
	size_t n;

	if (!scan_int(&rec, "{\"v\":", &version) || !scan_int(&rec, ",\"epoch\":", &ret->epoch) ||
	    !scan_int(&rec, ",\"seq\":", &ret->seq) || strncmp(rec, key, sizeof key - 1))
		return false;
	rec += sizeof key - 1;
	n = strcspn(rec, "\"");
	if (n >= sizeof at)
		return false;
	memcpy(at, rec, n);
	at[n] = 0;
	return time_parse_rfc3339(at, &ret->at_ms);
}

static enum sql_code apply_settings(struct sql *s, struct err *err)
{
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
		char text[64], back[128] = "";
		enum sql_code code;

		snprintf(text, sizeof text, "PRAGMA %s=%s", settings[i].name, settings[i].set);
		code = sql_exec(s, text, err);
		if (code != SQL_OK)
			return code;
		snprintf(text, sizeof text, "PRAGMA %s", settings[i].name);
		code = sql_one_text(s, text, back, err);
		if (code > SQL_ROW)
			return code;
		if (strcmp(back, settings[i].back)) {
			err_set(err, "SQLite does not take %s=%s (it says \"%s\"); use another file system",
			        settings[i].name, settings[i].set, back);
			return SQL_FAILED;
		}
	}
	return GUARD(full_sync) ? SQL_OK : sql_exec(s, "PRAGMA synchronous=OFF", err);
}

static enum sql_code make_schema(struct sql *s, const char *site, struct err *err)
{
	enum sql_code code = sql_exec(s, "BEGIN IMMEDIATE", err);
	struct sql_query *q;

	if (code == SQL_OK)
		code = sql_exec(s, tables, err);
	if (code == SQL_OK)
		code = guard(s, err);
	if (code == SQL_OK) {
		q = sql_prepare(s, "INSERT INTO meta VALUES('site', ?)");
		sql_bind_text(q, 1, site);
		code = sql_step(q, err);
		sql_finish(q);
	}
	return code == SQL_OK ? sql_exec(s, "COMMIT", err) : code;
}

/* ret_version 0: an empty file. */
static enum sql_code read_version(struct sql *s, int64_t *ret_version, struct err *err)
{
	int64_t tables_there = 0;
	enum sql_code code = sql_one_int(s, "PRAGMA user_version", ret_version, err);

	if (code == SQL_ROW)
		code = sql_one_int(s, "SELECT count(*) FROM sqlite_schema", &tables_there, err);
	if (code != SQL_ROW)
		return code;
	if (*ret_version > SCHEMA_VERSION) {
		err_set(err,
		        "the database was written by a newer tocsin (schema %lld, this one knows %d): "
		        "install that "
		        "version again, or move the file away to begin a new one",
		        (long long)*ret_version, SCHEMA_VERSION);
		return SQL_FAILED;
	}
	if (*ret_version < 0 || (*ret_version == 0 && tables_there)) {
		err_set(err, "the file is an SQLite database, but none of tocsin's");
		return SQL_BAD;
	}
	return SQL_OK;
}

static enum sql_code read_site(struct sql *s, char ret_site[128], struct err *err)
{
	enum sql_code code = sql_one_text(s, "SELECT value FROM meta WHERE key='site'", ret_site, err);

	if (code == SQL_OK) {
		err_set(
		    err,
		    "the database does not say which site it belongs to (its meta row is gone): the first "
		    "row of the audit cannot be proven");
		code = SQL_FAILED;
	}
	return code == SQL_ROW ? SQL_OK : code;
}

static enum sql_code prepare_schema(struct sql *s, const char *site, struct err *err)
{
	enum sql_code code;
	int64_t version = 0;
	char made_for[128];

	code = read_version(s, &version, err);
	if (code == SQL_OK)
		code = apply_settings(s, err);
	if (code == SQL_OK)
		code = version == 0 ? make_schema(s, site, err)
		                    : db_migrate(s, migrations, version, SCHEMA_VERSION, err);
	if (code == SQL_OK)
		code = guard(s, err);
	if (code == SQL_OK)
		code = read_site(s, made_for, err);
	if (code == SQL_OK && strcmp(made_for, site)) {
		err_set(err,
		        "the database belongs to site \"%s\", the configuration says \"%s\": correct `site`, "
		        "or move "
		        "the file away to begin a new one",
		        made_for, site);
		code = SQL_FAILED;
	}
	return code;
}

enum sql_code db_open(const char *path, const char *site, enum sql_mode mode, struct sql **ret_sql,
                      struct err *err)
{
	enum sql_code code = sql_open(path, mode, ret_sql, err);

	if (code != SQL_OK && code != SQL_ROW)
		return code;
	code = prepare_schema(*ret_sql, site, err);
	if (code != SQL_OK) {
		sql_close(*ret_sql);
		*ret_sql = NULL;
	}
	return code;
}

bool db_is_new(struct sql *s)
{
	struct err err;
	int64_t n = 0;

	return sql_one_int(s, "SELECT EXISTS(SELECT 1 FROM audit) + EXISTS(SELECT 1 FROM state)", &n, &err) ==
	           SQL_ROW &&
	       n == 0;
}

int db_open_read(const char *path, char ret_site[128], struct sql **ret_sql, struct err *err)
{
	int64_t version = 0;

	if (sql_open(path, SQL_READ, ret_sql, err) > SQL_ROW)
		return -1;
	if (read_version(*ret_sql, &version, err) == SQL_OK && version == 0)
		err_set(err, "%s is an empty database: there is no audit in it", path);
	else if (version >= 1 && version <= SCHEMA_VERSION && read_site(*ret_sql, ret_site, err) == SQL_OK)
		return 0;
	sql_close(*ret_sql);
	*ret_sql = NULL;
	return -1;
}

enum sql_code db_continue(struct sql *s, const struct db_head *head, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "INSERT OR REPLACE INTO meta VALUES('base', ?)");
	char base[128];
	enum sql_code code;

	snprintf(base, sizeof base, "%lld:%s", (long long)head->seq, head->hash);
	sql_bind_text(q, 1, base);
	code = sql_step(q, err);
	sql_finish(q);
	return code;
}

/* "SEQ:HASH" of the row before the first one. */
static void take_base(const char *base, struct db_head *ret)
{
	char *end;
	long long seq = strtoll(base, &end, 10);

	if (seq <= 0 || *end != ':' || strlen(end + 1) != HASH_BYTES - 1)
		return;
	ret->seq = seq;
	memcpy(ret->hash, end + 1, HASH_BYTES);
}

enum sql_code db_begin(struct sql *s, const char *genesis, struct db_head *ret, struct err *err)
{
	char base[128] = "";
	enum sql_code code = sql_one_text(s, "SELECT value FROM meta WHERE key='base'", base, err);

	*ret = (struct db_head){.at_ms = -1};
	snprintf(ret->hash, sizeof ret->hash, "%s", genesis);
	take_base(base, ret);
	return code == SQL_ROW ? SQL_OK : code;
}

enum sql_code db_head(struct sql *s, const char *genesis, struct db_head *ret, struct err *err)
{
	struct sql_query *q = sql_prepare(s, "SELECT seq, rec, hash FROM audit ORDER BY seq DESC LIMIT 1");
	enum sql_code code = sql_step(q, err);
	struct db_rec rec;

	if (code == SQL_OK)
		code = db_begin(s, genesis, ret, err);
	else if (code == SQL_ROW) {
		*ret = (struct db_head){.at_ms = -1};
		ret->seq = sql_int(q, 0);
		snprintf(ret->hash, sizeof ret->hash, "%s", sql_text(q, 2, NULL));
		if (db_scan_rec(sql_text(q, 1, NULL), &rec)) {
			ret->epoch = rec.epoch;
			ret->at_ms = rec.at_ms;
		}
	}
	sql_finish(q);
	return code == SQL_ROW ? SQL_OK : code;
}

enum sql_code db_hash_at(struct sql *s, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	struct sql_query *q = sql_prepare(s, "SELECT hash FROM audit WHERE seq = ? AND " DB_LIVING);
	enum sql_code code;

	sql_bind_int(q, 1, seq);
	code = sql_step(q, err);
	if (code == SQL_ROW)
		snprintf(ret_hash, HASH_BYTES, "%s", sql_text(q, 0, NULL));
	else if (code == SQL_OK)
		err_set(err, "the audit has no row %lld", (long long)seq);
	sql_finish(q);
	return code == SQL_OK ? SQL_BAD : code;
}

int store_hash_at(const char *path, int64_t seq, char ret_hash[HASH_BYTES], struct err *err)
{
	enum sql_code code;
	struct sql *sql;
	char site[128];

	if (db_open_read(path, site, &sql, err) < 0)
		return -1;
	code = db_hash_at(sql, seq, ret_hash, err);
	sql_close(sql);
	return code == SQL_ROW ? 0 : -1;
}
