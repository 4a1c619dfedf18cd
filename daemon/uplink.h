/* uplink.h - the broker's client as this daemon uses it: password, filters, and
 * what its threads say put into the inbox. */
#ifndef TOCSIN_UPLINK_H
#define TOCSIN_UPLINK_H

#include "daemon.h"

int uplink_open(struct daemon *d); /* 0, or an exit status with the reason said */

/* After a reload: when the broker's settings, password or certificates are
 * others, the link is made anew with them. 1: it is, 0: nothing has changed,
 * -1: the password cannot be read, and the link stays as it is. */
int uplink_renew(struct daemon *d, struct err *err);

/* Stops the client beside the loop; sets has_hung_up and causes a turn. */
void uplink_hang_up(struct daemon *d);

#endif
