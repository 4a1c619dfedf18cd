/* hash.h - digests as lower-case hex; hash.c alone sees openssl. */
#ifndef TOCSIN_HASH_H
#define TOCSIN_HASH_H

#include <stddef.h>

enum { HASH_HEX_BYTES = 65 }; /* 256 bits as hex, with NUL */

struct hash_piece {
	const void *at;
	size_t len;
};

/* The digest of the pieces, one after the other. */
void hash_sha3_256_hex(const struct hash_piece *pieces, int n, char ret_hex[HASH_HEX_BYTES]);
void hash_sha256_hex(const void *at, size_t len, char ret_hex[HASH_HEX_BYTES]);

#endif
