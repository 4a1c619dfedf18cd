/* cert.h - how long a certificate of ours still holds. */
#ifndef TOCSIN_CERT_H
#define TOCSIN_CERT_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds until the first certificate of a PEM file ends, negative when it has;
 * false: there is none to be read. */
bool cert_left_s(const char *path, int64_t *ret_s);

#endif
