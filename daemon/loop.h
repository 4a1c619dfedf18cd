/* loop.h - the event loop: descriptors, timers, signals. The only door to
 * libevent. Everything here belongs to the loop's thread. */
#ifndef TOCSIN_LOOP_H
#define TOCSIN_LOOP_H

#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop *loop_new(void); /* NULL: the kernel gave none */
void loop_free(struct loop *l);
void loop_run(struct loop *l);  /* until loop_stop */
void loop_stop(struct loop *l);

/* Calls fn while the descriptor is ready for one of `want` (0: never). Does not own fd. */
struct loop_watch *loop_watch(struct loop *l, int fd, unsigned want, void (*fn)(void *arg, unsigned ready),
                              void *arg);
void loop_watch_want(struct loop_watch *w, unsigned want);
void loop_watch_free(struct loop_watch *w); /* NULL allowed */

struct loop_timer *loop_timer(struct loop *l, void (*fn)(void *arg), void *arg); /* not armed */
void loop_timer_in(struct loop_timer *t, int64_t in_ms); /* once; < 0: at once; replaces */
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t); /* NULL allowed */

void loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg);

#endif
