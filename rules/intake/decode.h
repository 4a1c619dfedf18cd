/* decode.h - a bit or a number out of bytes that a payload writes as text:
 * LoRaWAN frames without a codec, raw Zigbee clusters, registers. */
#ifndef TOCSIN_DECODE_H
#define TOCSIN_DECODE_H

#include "plan.h"

enum { DECODE_TEXT_BYTES = 16 };

/* False: not such a text, or too short. ret: decimal. */
bool decode_text(const struct decode *d, const char *text, size_t len, char ret[DECODE_TEXT_BYTES]);

#endif
