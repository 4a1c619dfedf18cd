/* hash.c - SHA-256 and SHA3-256 by libcrypto. A failing digest ends the
 * process, as running out of memory does: nothing unhashed is ever stored. */
#include "hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void digest(const EVP_MD *md, const struct hash_piece *pieces, int n, char *ret_hex)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, md, NULL))
		abort();
	for (int i = 0; i < n; i++)
		if (!EVP_DigestUpdate(ctx, pieces[i].at, pieces[i].len))
			abort();
	if (!EVP_DigestFinal_ex(ctx, raw, NULL))
		abort();
	EVP_MD_CTX_free(ctx);
	for (int i = 0; i < 32; i++) {
		ret_hex[2 * i] = digits[raw[i] >> 4];
		ret_hex[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_hex[64] = 0;
}

void hash_sha3_256_hex(const struct hash_piece *pieces, int n, char ret_hex[HASH_HEX_BYTES])
{
	digest(EVP_sha3_256(), pieces, n, ret_hex);
}

void hash_sha256_hex(const void *at, size_t len, char ret_hex[HASH_HEX_BYTES])
{
	digest(EVP_sha256(), &(struct hash_piece){at, len}, 1, ret_hex);
}
