/* tree.h - a YAML file as a tree of our own: what is written, and where.
 * Scalars are bytes; the tables of keys give them their types. */
#ifndef TOCSIN_TREE_H
#define TOCSIN_TREE_H

#include <stdbool.h>

struct mark {
	int file;      /* index of the source; -1: nowhere (a default) */
	int line, col; /* from 1, in characters */
};

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct pair {
	const struct node *key, *value; /* the key is a scalar */
};

struct node {
	enum node_kind kind;
	bool is_plain; /* a scalar without quotes */
	struct mark mark;
	const char *text;                /* scalar; NUL-terminated, none inside */
	const struct node *const *items; /* list */
	const struct pair *pairs;        /* map; no key twice */
	int n;                           /* of items or pairs */
};

/* The value of a key, or NULL (also when the node is not a map). */
const struct node *node_get(const struct node *map, const char *key);
/* Nothing is written after the colon. */
bool node_is_empty(const struct node *node);

struct reader;

/* The tree of one source, in the reader's arena; NULL: the file is empty or
 * broken (then the reader has the problem). */
const struct node *yaml_read(struct reader *r, int file);

#endif
