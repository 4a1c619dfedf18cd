/* control_line.h - who is at the other end of a control connection, and what
 * one line of it asks. The daemon's only file that reads JSON. */
#ifndef TOCSIN_CONTROL_LINE_H
#define TOCSIN_CONTROL_LINE_H

#include "control.h"

#include <stddef.h>

struct peer {
	char login[64]; /* "" when the uid has no name */
	bool is_admin;
};

void peer_of(int fd, struct peer *ret);

struct control_line;

/* NULL: not a JSON object with "do", or a field of the wrong kind. Strings of
 * ret live until control_line_free. */
struct control_line *control_line_read(const char *line, size_t len, const struct peer *peer,
                                       struct control_request *ret);
void control_line_free(struct control_line *l); /* NULL allowed */

#endif
