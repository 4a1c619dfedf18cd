/* uplink.h - the broker's client as this daemon uses it: password, filters, and
 * what its threads say put into the inbox. */
#ifndef TOCSIN_UPLINK_H
#define TOCSIN_UPLINK_H

#include "daemon.h"

int uplink_open(struct daemon *d); /* 0, or an exit status with the reason said */

/* Stops the client beside the loop; sets has_hung_up and causes a turn. */
void uplink_hang_up(struct daemon *d);

#endif
