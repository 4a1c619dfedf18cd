/* Any bytes as a configuration: problems or a plan, never anything else. */
#include "language/language.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What stands behind a form feed is a second, included file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct source sources[2] = {{"main.yaml", bytes, size}, {"included.yaml", NULL, 0}};
	struct problems problems;
	struct arena arena;
	struct buf text = {0};
	struct plan *plan;
	int n = 1;

	for (size_t i = 0; i < size && n == 1; i++)
		if (bytes[i] == '\f') {
			sources[0].len = i;
			sources[1].bytes = bytes + i + 1;
			sources[1].len = size - i - 1;
			n = 2;
		}
	problems_init(&problems);
	arena_init(&arena);
	language_includes(&sources[0], &arena);
	plan = language_read(sources, n, &problems);
	if ((plan == NULL) != (problems.n_errors > 0))
		abort();
	problems_print(&problems, &text);
	problems_json(&problems, &text);
	plan_free(plan);
	buf_fini(&text);
	arena_fini(&arena);
	problems_fini(&problems);
	return 0;
}
