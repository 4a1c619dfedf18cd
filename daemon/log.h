/* log.h - what the daemon says: to the journal with fields when systemd runs
 * it, else to stderr with <n> prefixes. Any thread; never waits: a line that
 * nobody takes at once is lost, counted, and the count told with the next one.
 * Foreign text is made harmless here (control characters become '?'). */
#ifndef TOCSIN_LOG_H
#define TOCSIN_LOG_H

#include <syslog.h> /* LOG_ERR and the like */

void log_open(void);
void log_at(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* KEY=value strings, NULL-terminated; MESSAGE= and PRIORITY= as the journal knows them. 0, or -1 when nobody
 * took it. */
int log_fields(const char *const *fields);
long long log_lost(void); /* lines so far */

#endif
