/* query.h - one question to the audit while its log is being read. Private to
 * queries.c and to the kinds there are, query_*.c. */
#ifndef TOCSIN_QUERY_H
#define TOCSIN_QUERY_H

#include "daemon.h"

enum { QUERY_ROWS_AT_ONCE = 500 };

struct query {
	struct query *next;
	struct arena arena; /* of the strings here */
	const char *user;   /* NULL: by the control socket */
	const char *path;   /* of the database */
	struct reply_to to;
	enum verb verb;
	enum lang lang;
	int n_parts; /* done of it */
	void *own;   /* of its kind */
};

struct query_kind {
	void *(*begin)(const struct query *q, const struct effect *e); /* its own */
	bool (*go_on)(struct daemon *d, struct query *q);              /* one part; false: it is answered */
	void (*end)(void *own);
};
extern const struct query_kind query_report, query_stats;

/* An answer to who asked begins and ends so; between the two come its own members. error NULL: none. */
void query_answer_begin(const struct query *q, const char *error, struct buf *json);
void query_answer_end(struct daemon *d, const struct query *q, struct buf *json, const char *text);
void query_refuse(struct daemon *d, const struct query *q, enum refusal why, const char *text);
const char *query_says(const struct query *q, const char *zh, const char *en);

#endif
