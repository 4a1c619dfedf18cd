#include "base/glyph.h"

#include "base/text.h"

/* One character; its length in bytes, 1 with code -1 when it is not UTF-8. Not at the NUL. */
static size_t glyph_read(const char *text, int32_t *ret_code)
{
	const unsigned char *u = (const unsigned char *)text;
	int len = utf8_step(text);
	int32_t code = u[0];

	if (len < 1) {
		*ret_code = -1;
		return 1;
	}
	if (len > 1)
		code &= 0x7f >> len;
	for (int i = 1; i < len; i++)
		code = code << 6 | (u[i] & 0x3f);
	*ret_code = code;
	return (size_t)len;
}

/* Control, C1, zero width, direction marks. */
static bool glyph_is_hidden(int32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static bool is_wide(int32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
	       (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
	       (code >= 0x1f300 && code <= 0x1faff) || (code >= 0x20000 && code <= 0x3fffd);
}

int glyph_columns(const char *text)
{
	int columns = 0;

	while (*text) {
		int32_t code;

		text += glyph_read(text, &code);
		columns += is_wide(code) ? 2 : 1;
	}
	return columns;
}

void glyph_safe(struct buf *out, const char *text)
{
	while (*text) {
		int32_t code;
		size_t len = glyph_read(text, &code);

		if (code < 0)
			buf_printf(out, "\\x%02x", (unsigned char)*text);
		else if (glyph_is_hidden(code))
			buf_printf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
		else
			buf_add(out, text, len);
		text += len;
	}
}
