/* store_migrate.c - a database of an older tocsin becomes one of this: version by version, each with its number in
 * one transaction, so that a crash or a full disk leaves one version or the next and nothing between. */
#include "store_db.h"

#include <stdio.h>

static enum sql_code one_step(struct sql *s, const char *text, int64_t version, struct err *err)
{
	char number[64];
	struct err ignored;
	enum sql_code code = sql_exec(s, "BEGIN IMMEDIATE", err);

	if (code != SQL_OK)
		return code;
	snprintf(number, sizeof number, "PRAGMA user_version=%lld", (long long)version);
	code = sql_exec(s, text, err);
	if (code == SQL_OK)
		code = sql_exec(s, number, err);
	if (code == SQL_OK)
		code = sql_exec(s, "COMMIT", err);
	if (code != SQL_OK)
		sql_exec(s, "ROLLBACK", &ignored);
	return code;
}

enum sql_code db_migrate(struct sql *s, const char *const *steps, int64_t from, int64_t to, struct err *err)
{
	for (int64_t version = from; version < to; version++) {
		enum sql_code code = one_step(s, steps[version - 1], version + 1, err);

		if (code != SQL_OK)
			return code;
	}
	return SQL_OK;
}
