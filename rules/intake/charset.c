/* charset.c - the only file that knows iconv. */
#include "intake/charset.h"

#include "base/arena.h"

#include <iconv.h>
#include <stdlib.h>

struct charset {
	iconv_t held; /* never used: as long as it is open, opening another one costs nothing */
};

static iconv_t open_one(void)
{
	return iconv_open("UTF-8", "GB18030");
}

struct charset *charset_new(void)
{
	iconv_t held = open_one();
	struct charset *c;

	if (held == (iconv_t)-1)
		return NULL;
	c = xcalloc(1, sizeof *c);
	c->held = held;
	return c;
}

void charset_free(struct charset *c)
{
	if (!c)
		return;
	iconv_close(c->held);
	free(c);
}

/* Two bytes become three at most, four four, one one. */
char *charset_utf8(const struct charset *c, const char *text, size_t len, size_t *ret_len)
{
	char *from = (char *)text, *ret = xmalloc(len * 2 + 1), *to = ret;
	size_t left = len, room = len * 2;
	iconv_t one = c ? open_one() : (iconv_t)-1;
	bool ok = one != (iconv_t)-1 && iconv(one, &from, &left, &to, &room) == 0 && !left;

	if (one != (iconv_t)-1)
		iconv_close(one);
	*ret_len = (size_t)(to - ret);
	if (ok)
		return ret;
	free(ret);
	return NULL;
}
