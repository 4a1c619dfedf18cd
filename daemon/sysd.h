/* sysd.h - what systemd is told and gives. Without systemd every call does nothing. */
#ifndef TOCSIN_SYSD_H
#define TOCSIN_SYSD_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

void sysd_ready(const char *status);
void sysd_reloading(void);
void sysd_stopping(void);
void sysd_status(const char *status); /* one readable line */
int64_t sysd_watchdog_ms(void);       /* how often to feed it; 0: no watchdog */
void sysd_feed(void);
int sysd_listen_fd(void); /* the control socket systemd holds for us, -1 none */
/* The bytes of $CREDENTIALS_DIRECTORY/<name>, as they are. */
int sysd_credential(const char *name, struct buf *ret, struct err *err);

#endif
