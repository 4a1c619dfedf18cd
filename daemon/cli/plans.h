/* plans.h - what the commands that read the audit share: which database, the
 * plans that it keeps, the language of what is written. */
#ifndef TOCSIN_CLI_PLANS_H
#define TOCSIN_CLI_PLANS_H

#include "cli.h"
#include "heads.h"
#include "old_plans.h"
#include "whole.h"

/* Says on stderr which archives could not be read, and ends the walk. */
void plans_absent(struct whole *w);

/* The database that was named, else the daemon's; and, with --head, that. An exit code. */
int plans_db(const struct cli *c, struct head *ret_head, char **ret_db);
/* As asked for; else Chinese where the site speaks it. Not the locale's: the same rows, the same bytes. */
enum lang plans_language(const struct cli *c, const struct plan *plan);

#endif
