/* parts.h - the sections of an incident report. Private to the records. */
#ifndef TOCSIN_PARTS_H
#define TOCSIN_PARTS_H

#include "records/paper.h"
#include "records/story.h"
#include "records/words.h"

struct writing {
	const struct story *story;
	const struct voice *voice;
	struct paper *paper;
};

/* "03:10:04", like the incident's day; "" for -1. The buffer is emptied first. */
const char *writing_clock(const struct writing *w, int64_t at_ms, struct buf *buf);

void part_late(const struct writing *w);
void part_suppressed(const struct writing *w);
void part_told(const struct writing *w);
void part_steps(const struct writing *w);
void part_of(const struct writing *w, unsigned parts, const char *zh, const char *en); /* its rows as lines */
void part_drill(const struct writing *w);
void part_files(const struct writing *w);
void part_course(const struct writing *w);
void part_after(const struct writing *w);

#endif
