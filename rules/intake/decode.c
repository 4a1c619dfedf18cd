/* decode.c - base64 (either alphabet, padded or not) and hex, without memory:
 * the whole text is looked at, and only the bytes that count are kept. */
#include "intake/decode.h"

#include <stdio.h>
#include <string.h>

enum { BYTES_MAX = 4 };

#define SIZE_OF(A, T, N) N,
static const int sizes[] = {DECODE_TYPE_LIST(SIZE_OF)};

/* The bytes wanted, as they come by. */
struct window {
	size_t first, n, passed;
	unsigned char bytes[BYTES_MAX];
};

static void pass(struct window *w, unsigned byte)
{
	if (w->passed >= w->first && w->passed - w->first < w->n)
		w->bytes[w->passed - w->first] = (unsigned char)byte;
	w->passed++;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool hex(struct window *w, const char *text, size_t len)
{
	if (len >= 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		len -= 2;
	}
	for (size_t i = 0; i + 1 < len; i += 2) {
		int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		pass(w, (unsigned)(high << 4 | low));
	}
	return len % 2 == 0;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool base64(struct window *w, const char *text, size_t len)
{
	unsigned held = 0;
	int bits = 0;
	size_t padding = 0;

	for (; len && text[len - 1] == '=' && padding < 2; padding++)
		len--;
	for (size_t i = 0; i < len; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return false;
		held = (held << 6 | (unsigned)digit) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		pass(w, held >> bits & 0xff);
	}
	return len % 4 != 1 && (!padding || (len + padding) % 4 == 0);
}

static int64_t number(const struct window *w, enum decode_type type)
{
	const unsigned char *b = w->bytes;
	uint32_t u16be = (uint32_t)(b[0] << 8 | b[1]), u16le = (uint32_t)(b[1] << 8 | b[0]);

	switch (type) {
	case DECODE_U8:
		break;
	case DECODE_I8:
		return (int8_t)b[0];
	case DECODE_U16BE:
		return u16be;
	case DECODE_U16LE:
		return u16le;
	case DECODE_I16BE:
		return (int16_t)u16be;
	case DECODE_I16LE:
		return (int16_t)u16le;
	case DECODE_U32BE:
		return (int64_t)(u16be << 16 | (uint32_t)(b[2] << 8 | b[3]));
	case DECODE_U32LE:
		return (int64_t)((uint32_t)(b[3] << 8 | b[2]) << 16 | u16le);
	}
	return b[0];
}

bool decode_text(const struct decode *d, const char *text, size_t len, char ret[DECODE_TEXT_BYTES])
{
	struct window w = {.first = (size_t)d->byte, .n = d->bit < 0 ? (size_t)sizes[d->type] : 1};

	if (d->from == DECODE_HEX ? !hex(&w, text, len) : !base64(&w, text, len))
		return false;
	if (w.passed < w.first + w.n)
		return false;
	snprintf(ret, DECODE_TEXT_BYTES, "%lld",
	         d->bit < 0 ? (long long)number(&w, d->type) : (long long)(w.bytes[0] >> d->bit & 1));
	return true;
}
