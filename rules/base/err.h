/* err.h - a code for the caller, a sentence for the person. Inner code fills
 * it, the outermost caller prints it once. */
#ifndef TOCSIN_ERR_H
#define TOCSIN_ERR_H

struct err {
	char text[512];
};

/* Both return -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3))); /* "context: old text" */

#endif
