/* control_line.h - what one line of a control connection asks. The daemon's
 * only file that reads JSON. */
#ifndef TOCSIN_CONTROL_LINE_H
#define TOCSIN_CONTROL_LINE_H

#include "control.h"
#include "peer.h"

#include <stddef.h>

struct control_line;

/* NULL: not a JSON object with "do", or a field of the wrong kind. Strings of
 * ret live until control_line_free. */
struct control_line *control_line_read(const char *line, size_t len, const struct peer *peer,
                                       struct control_request *ret);
void control_line_free(struct control_line *l); /* NULL allowed */

#endif
