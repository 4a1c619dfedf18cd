/* main.c - options and exit codes. */
#include "check.h"
#include "daemon.h"
#include "log.h"

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char usage[] = "usage: tocsind [--config FILE] [--version]\n"
                            "\n"
                            "  --config FILE   the site's main file (default /etc/tocsin/tocsin.yaml)\n"
                            "  --version       print the version and end\n"
                            "\n"
                            "Runs in the foreground. SIGTERM stops, SIGHUP reads the configuration again.\n"
                            "Exit: 0 stopped, 2 usage, 70 own bug, 78 no usable configuration.\n";

/* Until the loop is there, one that asks for a reload waits: by itself it would end us. */
static void hold_hangup(int how)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(how, &hangup, NULL);
}

static int run(const char *config_path)
{
	static struct daemon d; /* foreign threads may look at it until the very end */
	int status;

	d.config_path = config_path;
	log_open();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN); /* nothing to us, and no reason to end */
	signal(SIGUSR2, SIG_IGN);
	status = daemon_start(&d);
	if (status)
		return status;
	hold_hangup(SIG_UNBLOCK);
	loop_run(d.loop);
	daemon_end(&d);
	log_at(LOG_INFO, "stopped");
	return d.exit_status;
}

/* What is large (a file's bytes, a plan's table) goes back to the system as soon
 * as it is freed, however large the ones before were. */
static void set_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
	                                        {"check-stdin", no_argument, NULL, 'k'},
	                                        {"check-all", no_argument, NULL, 'a'},
	                                        {"version", no_argument, NULL, 'v'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {0}};
	const char *config_path = "/etc/tocsin/tocsin.yaml";
	int c;

	hold_hangup(SIG_BLOCK);
	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1)
		switch (c) {
		case 'c':
			config_path = optarg;
			break;
		case 'k':
			return check_main(CHECK_PLAN);
		case 'a':
			return check_main(CHECK_ALL);
		case 'v':
			puts("tocsind " TOCSIN_VERSION);
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	set_memory();
	/* not exit(): a callback of the broker's library may still wait for what exit would tear down */
	_exit(run(config_path));
}
