#include "clock.h"

#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 2000, ONE_MOMENT_MS = 100, READ_TRIES = 10 };

static const time_t FAR_S = 9000000000; /* the year 2255, the last century that the kernel's nanoseconds hold */

static int64_t read_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_steady_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Both of one moment: a machine that was held between the two looks would seem to have a clock that was set. */
static void read_both(int64_t *ret_wall_ms, int64_t *ret_boot_ms)
{
	int64_t before_ms;

	for (int i = 0; i < READ_TRIES; i++) {
		before_ms = clock_steady_ms();
		*ret_wall_ms = read_ms(CLOCK_REALTIME);
		*ret_boot_ms = clock_steady_ms();
		if (*ret_boot_ms - before_ms <= ONE_MOMENT_MS)
			return;
	}
}

void clock_open(struct clock *c)
{
	int64_t wall_ms, boot_ms;

	read_both(&wall_ms, &boot_ms);
	*c = (struct clock){
	    .site_ms = wall_ms, .boot_ms = boot_ms, .apart_ms = wall_ms - boot_ms, .started_ms = boot_ms};
}

void clock_at_least(struct clock *c, int64_t site_ms)
{
	int64_t behind_ms = site_ms - clock_now(c);

	if (behind_ms > 0)
		c->site_ms += behind_ms;
}

int64_t clock_now(const struct clock *c)
{
	return c->site_ms + (clock_steady_ms() - c->boot_ms);
}

int64_t clock_up_ms(const struct clock *c)
{
	return clock_steady_ms() - c->started_ms;
}

int clock_watch_fd(void)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0)
		clock_watch_again(fd);
	return fd;
}

/* Armed for a moment that never comes: only a step of the clock ends the wait. */
void clock_watch_again(int fd)
{
	struct itimerspec far = {.it_value.tv_sec = FAR_S};
	uint64_t ticks;

	while (read(fd, &ticks, sizeof ticks) > 0)
		;
	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far, NULL);
}

/* Forward is judged against site time (small steps add up, and a site time
 * that was ahead of the wall has nothing to catch up), backward against the
 * wall as it was. */
int64_t clock_step_at(struct clock *c, int64_t wall_ms, int64_t boot_ms)
{
	int64_t ahead_ms = wall_ms - (c->site_ms + (boot_ms - c->boot_ms));
	int64_t moved_ms = wall_ms - boot_ms - c->apart_ms;

	c->apart_ms = wall_ms - boot_ms;
	if (ahead_ms > STEP_MS) {
		c->site_ms += ahead_ms;
		return ahead_ms;
	}
	return moved_ms < -STEP_MS ? moved_ms : 0;
}

int64_t clock_step(struct clock *c)
{
	int64_t wall_ms, boot_ms;

	read_both(&wall_ms, &boot_ms);
	return clock_step_at(c, wall_ms, boot_ms);
}
