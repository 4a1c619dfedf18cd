/* chance.c - the one source of chance of a world. */
#include "world.h"

uint64_t chance_next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

int64_t chance_below(struct chance *c, int64_t n)
{
	return n > 0 ? (int64_t)(chance_next(c) % (uint64_t)n) : 0;
}

bool chance_of(struct chance *c, int percent)
{
	return chance_below(c, 100) < percent;
}

int64_t chance_about(struct chance *c, int64_t mean_ms)
{
	int64_t half = mean_ms / 2 + 1;

	return chance_of(c, 10) ? chance_below(c, 8 * half) : chance_below(c, 3 * half);
}
