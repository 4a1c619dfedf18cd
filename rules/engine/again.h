/* again.h - what was taken lately, by the mark its sender gave it (source time,
 * message id, `req`): after a crash or a broken link the broker delivers once
 * more what it heard no acknowledgement of. Pure memory, saved with its owner. */
#ifndef TOCSIN_AGAIN_H
#define TOCSIN_AGAIN_H

#include "base/buf.h"
#include "base/names.h"
#include "engine/record.h"

#include <stdbool.h>
#include <stdint.h>

struct command;

/* Of one sensor: its last marked messages, oldest first. Redelivery keeps the
 * order, so each is recognised once after a break, and none before one that
 * was. After one that is not recognised the rest counts as new, so that the
 * last word said wins. So many, because mosquitto 2.0 has more under way than
 * our Receive Maximum when links broke one after the other. */
struct again {
	uint64_t at[32];
	int n, seen; /* known, and how many of them came again since the break */
};

/* Takes the mark (0: none given), true when this very message was taken before. *of is made when needed. */
bool again_message(struct again **of, uint64_t mark, bool dup);
void again_break(struct again *a); /* the link broke: all may come once more; NULL allowed */
void again_save(const struct again *a, struct buf *out);
void again_restore(struct again **of, struct record_reader *r);

/* Of people's commands that carry a `req`: what was answered, so that the same can be answered again. */
struct again_command {
	uint64_t mark;
	int64_t incident; /* number or 0 */
	enum refusal refusal;
	bool noted;
};

struct again_commands {
	struct again_command at[64];
	int n;
	bool dirty;
};

uint64_t again_mark(const struct command *c); /* 0: it carries no req */
/* NULL: not taken before. */
const struct again_command *again_command(const struct again_commands *all, const struct command *c);
void again_answered(struct again_commands *all, const struct again_command *a);
void again_save_commands(const struct again_commands *all, struct buf *out);
void again_restore_command(struct again_commands *all, struct record_reader *r);

#endif
