/* spare.c - the kernel gives the lowest free number, so a number tells how many are left. */
#include "spare.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

bool spare_has(int fd)
{
	struct rlimit most;

	if (fd < 0)
		return true;
	return getrlimit(RLIMIT_NOFILE, &most) == 0 && (rlim_t)fd + SPARE_DESCRIPTORS >= most.rlim_cur;
}

bool spare_is_low(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);
	bool is_low = spare_has(fd);

	if (fd >= 0)
		close(fd);
	return is_low;
}
