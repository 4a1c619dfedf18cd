/* plugin.h - all that a channel sees of the world. A plugin delivers; it
 * decides nothing. One exported const struct, `tocsin_plugin`; abi and size
 * first, so that a loader can refuse what it does not know before it calls
 * anything. Every call is made by the loop's thread and must return at once.
 *
 * A module with this struct is loaded from tocsin's own plugin directory, and
 * its faults are the daemon's: whoever is not of this tree writes a program for
 * the plugin `exec` instead. */
#ifndef TOCSIN_PLUGIN_H
#define TOCSIN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define TOCSIN_PLUGIN_ABI 2
#define TOCSIN_PLUGIN_SYMBOL "tocsin_plugin"

enum plugin_outcome { PLUGIN_SENT, PLUGIN_DELIVERED, PLUGIN_FAILED };

enum { PLUGIN_READ = 1, PLUGIN_WRITE = 2 }; /* of a descriptor */
enum { PLUGIN_ERROR_BYTES = 240, PLUGIN_OPTIONS_MAX = 32 };

/* Valid until the job is answered by host->done. Texts that are not there are "", unless said. */
struct plugin_job {
	uint32_t size;
	const char *notice; /* id, the same on every re-send */
	const char *person, *name, *phone, *mail, *language; /* phone, mail or NULL */
	const char *to;       /* the person's address for this channel, or NULL */
	const char *incident; /* or NULL */
	const char *kind;     /* call update reminder task late over exhausted tell test handover summary */
	const char *hazard, *severity;
	const char *marks;      /* AGAIN, EXERCISE, UNRECORDED in the person's language, or "" */
	const char *text;       /* final, with every mark, cut to the channel's max_bytes */
	const char *text_again; /* the same marked as a repeat */
	const char *json;       /* final full notice */
	const char *json_again;
	int64_t expiry_ms; /* from now; 0: none */
	int64_t wall_ms;   /* the clock, for signatures */
	int is_life;       /* fire, gas, people */
	int is_drill;
	const char *site;
	const char *unique; /* the same id with site and epoch: no other site or store of tocsin ever gives it */
};

/* What `options:` of a channel may hold. The host checks names, types and what is
 * required before it calls open. */
enum plugin_type {
	PLUGIN_TEXT,
	PLUGIN_LIST,   /* one text or several */
	PLUGIN_FLAG,   /* true or false */
	PLUGIN_NUMBER, /* whole, not negative */
	PLUGIN_SECRET, /* only {file: PATH} or {credential: NAME}; the plugin gets what is in it */
};

struct plugin_option {
	const char *key; /* NULL ends the table */
	enum plugin_type type;
	int must;
	const char *help;
};

/* In the order of the plugin's table. n 0: not given. */
struct plugin_value {
	const char *const *texts;
	int n;
};

struct plugin_host {
	uint32_t size;
	void *host; /* first argument of each */
	void (*log)(void *host, int priority, const char *text);
	/* exactly once per job, done or later, from send() itself or afterwards */
	void (*done)(void *host, void *job, enum plugin_outcome outcome, const char *why);
	/* failed for now: sent again not before in_ms (-1: when the host thinks fit), while there is time */
	void (*later)(void *host, void *job, int64_t in_ms, const char *why);
	/* MQTT publish below the site's root; done is answered by the host when `job` is not NULL. */
	void (*publish)(void *host, void *job, const char *topic, const char *payload, const char *payload_again,
			int64_t expiry_ms, int is_life);
	/* fn while the descriptor is ready for one of `want`; want 0 ends it. One watch for each descriptor. */
	void (*watch_fd)(void *host, int fd, unsigned want, void (*fn)(void *arg, int fd, unsigned ready), void *arg);
	/* the channel's one timer: fn once in in_ms; negative: not. Replaces. */
	void (*timer)(void *host, int64_t in_ms, void (*fn)(void *arg), void *arg);
	/* structured journal entry: KEY=value strings, NULL-terminated */
	int (*journal)(void *host, const char *const *fields);
	/* posix_spawn argv in a process group of its own, `input` on stdin; after timeout_ms the group is
	 * killed; exit 0 sent, 75 failed for now, else failed; answers the job. */
	void (*spawn)(void *host, void *job, const char *const *argv, const char *input, int64_t timeout_ms);
};

struct plugin_api {
	uint32_t abi, size;
	const char *name, *version;
	const struct plugin_option *options;
	int max_active; /* jobs given to send and not yet answered; 0: any number */
	/* values in the order of `options`; NULL and a sentence when they are wrong. The host and the texts
	 * live until close. */
	void *(*open)(const struct plugin_host *host, const struct plugin_value *values, int64_t timeout_ms,
		      char ret_error[PLUGIN_ERROR_BYTES]);
	void (*send)(void *channel, void *job_handle, const struct plugin_job *job);
	/* jobs that are under way are not answered any more */
	void (*close)(void *channel);
};

/* Part of every tocsind; the others are modules. */
extern const struct plugin_api plugin_page, plugin_journal, plugin_exec;

#endif
