/* preload.c - put before libc in a program under test: its wall clock and its
 * boot time shifted, its syncs late, hanging or failing, its Nth allocation
 * refused. Steered by the numbers in the file FAULT_CONTROL, while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default")))

/* broken.py knows the order. */
struct control {
	_Atomic int64_t wall_ms, boot_ms;       /* added to what the kernel says */
	_Atomic int64_t sync_ms;                /* each sync takes so long; -1: for ever, until it is 0 */
	_Atomic int64_t sync_fails;             /* so many fail with EIO; -1: all */
	_Atomic int64_t syncs;                  /* begun */
	_Atomic int64_t refuse_at, allocations; /* the one with this number is refused; 0: none */
};

static struct control none;
static struct control *control = &none;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at != MAP_FAILED)
		control = at;
	if (fd >= 0)
		close(fd);
}

/* -- clocks -- */

OURS int clock_gettime(clockid_t id, struct timespec *ret)
{
	int64_t ms = id == CLOCK_REALTIME ? control->wall_ms : id == CLOCK_BOOTTIME ? control->boot_ms : 0;
	int64_t ns;

	if (syscall(SYS_clock_gettime, id, ret) < 0)
		return -1;
	ns = ret->tv_nsec + ms % 1000 * 1000000;
	ret->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
	ret->tv_nsec = ns >= 1000000000 ? ns - 1000000000 : ns < 0 ? ns + 1000000000 : ns;
	return 0;
}

OURS time_t time(time_t *ret)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}

/* -- the disk -- */

static int sync_with(long number, int fd)
{
	int64_t waited_ms = 0, left;

	atomic_fetch_add(&control->syncs, 1);
	for (; control->sync_ms < 0 || waited_ms < control->sync_ms; waited_ms += 10)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	left = control->sync_fails;
	if (left > 0)
		control->sync_fails = left - 1;
	if (left) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(number, fd);
}

OURS int fsync(int fd)
{
	return sync_with(SYS_fsync, fd);
}

OURS int fdatasync(int fd)
{
	return sync_with(SYS_fdatasync, fd);
}

/* -- memory -- */

#ifndef NO_MALLOC /* a sanitizer has its own */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

static int is_refused(void)
{
	int64_t number = atomic_fetch_add(&control->allocations, 1) + 1;

	if (number != control->refuse_at)
		return 0;
	errno = ENOMEM;
	return 1;
}

OURS void *malloc(size_t bytes)
{
	return is_refused() ? NULL : __libc_malloc(bytes);
}

OURS void *calloc(size_t n, size_t bytes)
{
	return is_refused() ? NULL : __libc_calloc(n, bytes);
}

OURS void *realloc(void *old, size_t bytes)
{
	return is_refused() ? NULL : __libc_realloc(old, bytes);
}
#endif
