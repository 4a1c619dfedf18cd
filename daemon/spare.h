/* spare.h - file descriptors that are kept for the store and the broker: who
 * comes from outside is sent away before they are touched. */
#ifndef TOCSIN_SPARE_H
#define TOCSIN_SPARE_H

#include <stdbool.h>

/* The database with its logs, the broker with its certificates, a program's pipes. */
enum { SPARE_DESCRIPTORS = 10 };

/* Does a descriptor of this number, the lowest that was free, belong to the reserve? -1: none was free. */
bool spare_has(int fd);
/* Would the next one? */
bool spare_is_low(void);

#endif
