/* sign.h - proofs that a request is ours, as the services want them. */
#ifndef TOCSIN_WEBHOOK_SIGN_H
#define TOCSIN_WEBHOOK_SIGN_H

#include "../shared/text.h"

#include <stdint.h>

enum sign { SIGN_NONE, SIGN_DINGTALK, SIGN_FEISHU, SIGN_HMAC, SIGN_COUNT };

int sign_from(const char *word); /* none dingtalk feishu hmac-sha256; -1: neither */
/* {{sign}} of the service; "" for SIGN_NONE and SIGN_HMAC. */
void sign_query(enum sign sign, const char *secret, int64_t wall_ms, struct text *out);
/* sha256=HEX over "<seconds>.<body>". */
void sign_body(const char *secret, int64_t wall_ms, const struct text *body, struct text *out);

#endif
