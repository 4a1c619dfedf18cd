#include "poison.h"

#include "base/arena.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SET_ASIDE_MAX = 16, STARTS_LIMIT = 2 };

static const uint64_t magic = 0x31706e6973636f74; /* "tocsinp1" */

/* The file. Written by one process at a time; a torn write only loses a guess. */
struct in_work {
	uint64_t magic;
	_Atomic uint64_t slot[POISON_SLOTS];
	uint64_t suspect[POISON_SLOTS]; /* what the slot held at the start before */
	uint64_t starts[POISON_SLOTS];  /* in a row with that suspect */
	uint64_t set_aside[SET_ASIDE_MAX];
	uint64_t n_set_aside; /* the oldest is forgotten beyond the maximum */
};

struct poison {
	struct in_work *file;
	bool is_mapped;
};

static struct in_work *map_file(const char *path)
{
	struct in_work *file = MAP_FAILED;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return NULL;
	if (ftruncate(fd, sizeof *file) == 0)
		file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return file == MAP_FAILED ? NULL : file;
}

static void judge(struct in_work *f, int slot)
{
	uint64_t found = atomic_exchange(&f->slot[slot], 0);

	f->starts[slot] = found && found == f->suspect[slot] ? f->starts[slot] + 1 : 1;
	f->suspect[slot] = found;
	if (!found || f->starts[slot] < STARTS_LIMIT)
		return;
	f->set_aside[f->n_set_aside++ % SET_ASIDE_MAX] = found;
	f->suspect[slot] = 0;
}

struct poison *poison_open(const char *path)
{
	struct poison *p = xcalloc(1, sizeof *p);

	p->file = map_file(path);
	p->is_mapped = p->file;
	if (!p->file)
		p->file = xcalloc(1, sizeof *p->file);
	if (p->file->magic != magic) {
		memset(p->file, 0, sizeof *p->file);
		p->file->magic = magic;
	}
	for (int slot = 0; slot < POISON_SLOTS; slot++)
		judge(p->file, slot);
	return p;
}

void poison_clear(struct poison *p)
{
	for (int slot = 0; slot < POISON_SLOTS; slot++)
		atomic_store(&p->file->slot[slot], 0);
}

void poison_close(struct poison *p)
{
	if (p->is_mapped)
		munmap(p->file, sizeof *p->file);
	else
		free(p->file);
	free(p);
}

/* FNV-1a, 64 bit: a marker, not a proof. */
static uint64_t mix(uint64_t h, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return h;
}

uint64_t poison_digest(const char *topic, const char *payload, size_t len)
{
	uint64_t h = mix(0xcbf29ce484222325, topic, strlen(topic) + 1);

	h = mix(h, payload, len);
	return h ? h : 1;
}

bool poison_is_set_aside(const struct poison *p, uint64_t digest)
{
	for (int i = 0; i < SET_ASIDE_MAX; i++)
		if (p->file->set_aside[i] == digest)
			return true;
	return false;
}

void poison_in_work(struct poison *p, enum poison_slot slot, uint64_t digest)
{
	atomic_store_explicit(&p->file->slot[slot], digest, memory_order_relaxed);
}
