#include "sign.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { MAC_BYTES = 32 };

int sign_from(const char *word)
{
	static const char *const words[SIGN_COUNT] = {"none", "dingtalk", "feishu", "hmac-sha256"};

	for (int i = 0; i < SIGN_COUNT; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static void hmac(const char *key, const char *text, size_t len, unsigned char ret[EVP_MAX_MD_SIZE])
{
	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, len, ret, NULL);
}

/* DingTalk: key secret, text "<ms>\n<secret>". Feishu: key "<s>\n<secret>", text empty. */
void sign_query(enum sign sign, const char *secret, int64_t wall_ms, struct text *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct text stamped = {0};
	char number[32];

	if ((sign != SIGN_DINGTALK && sign != SIGN_FEISHU) || !*secret)
		return;
	snprintf(number, sizeof number, "%" PRId64 "\n", sign == SIGN_DINGTALK ? wall_ms : wall_ms / 1000);
	text_str(&stamped, number);
	text_str(&stamped, secret);
	if (sign == SIGN_DINGTALK)
		hmac(secret, text_of(&stamped), stamped.len, mac);
	else
		hmac(text_of(&stamped), "", 0, mac);
	text_base64(out, mac, MAC_BYTES);
	text_free(&stamped);
}

void sign_body(const char *secret, int64_t wall_ms, const struct text *body, struct text *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct text stamped = {0};
	char hex[32];

	snprintf(hex, sizeof hex, "%" PRId64 ".", wall_ms / 1000);
	text_str(&stamped, hex);
	text_add(&stamped, text_of(body), body->len);
	hmac(secret, text_of(&stamped), stamped.len, mac);
	text_str(out, "sha256=");
	for (int i = 0; i < MAC_BYTES; i++)
		text_add(out, hex, (size_t)snprintf(hex, sizeof hex, "%02x", mac[i]));
	text_free(&stamped);
}
