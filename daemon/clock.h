/* clock.h - the only reader of the machine's clocks. Site time is anchored to
 * the wall clock at start, advances with CLOCK_BOOTTIME and never goes back,
 * not even below what the store has seen. Loop only, but for clock_steady_ms. */
#ifndef TOCSIN_CLOCK_H
#define TOCSIN_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t site_ms, boot_ms; /* the anchor: site_ms was at boot_ms */
	int64_t apart_ms;         /* wall minus boot when last looked */
	int64_t started_ms;       /* steady */
};

int64_t clock_steady_ms(void); /* CLOCK_BOOTTIME; any thread */
int64_t clock_monotonic_us(void);
int64_t clock_wall_ms(void); /* as others on the network know it, steps and all; any thread */

void clock_open(struct clock *c);
/* Site time becomes at least this: what the store has seen last. */
void clock_at_least(struct clock *c, int64_t site_ms);
int64_t clock_now(const struct clock *c); /* site time */
int64_t clock_up_ms(const struct clock *c);

/* A file descriptor that becomes readable when the wall clock was set, -1 none. */
int clock_watch_fd(void);
void clock_watch_again(int fd);

/* Did the wall clock step? Milliseconds of the step, 0 when less than 2 s.
 * Forward: site time has been re-anchored by that much. Backward (negative):
 * site time goes on as it was. */
int64_t clock_step(struct clock *c);

/* The rule alone, for tests: given both clocks now. */
int64_t clock_step_at(struct clock *c, int64_t wall_ms, int64_t boot_ms);

#endif
