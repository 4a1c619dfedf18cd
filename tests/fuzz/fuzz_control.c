/* fuzz_control.c - any line at the control socket: a question whose texts are
 * text, or none. */
#include "base/text.h"
#include "control_line.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool is_text(const char *text)
{
	return !text || utf8_valid(text, strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct peer peer = {.uid = 1000, .login = "wang"};
	struct control_request r;
	struct control_line *l = control_line_read((const char *)data, size, &peer, &r);

	if (l) {
		must(r.act && is_text(r.act) && is_text(r.verb) && is_text(r.text) && is_text(r.as) &&
		     is_text(r.role));
		must(r.id >= 0);
	}
	/* who asks is never what the line says */
	must(r.login == peer.login && r.uid == peer.uid && !r.is_admin);
	control_line_free(l);
	return 0;
}
