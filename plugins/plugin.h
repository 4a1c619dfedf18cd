/* plugin.h - all that a channel sees of the world. A plugin delivers; it
 * decides nothing. One exported const struct; abi and size first, so that a
 * loader can refuse what it does not know before calling anything. Every call
 * is made by the loop's thread and must return at once. */
#ifndef TOCSIN_PLUGIN_H
#define TOCSIN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define TOCSIN_PLUGIN_ABI 1

enum plugin_outcome { PLUGIN_SENT, PLUGIN_DELIVERED, PLUGIN_FAILED };

/* Valid until the job is answered by host->done. */
struct plugin_job {
	uint32_t size;
	const char *notice;	/* id, the same on every re-send */
	const char *person, *name, *phone, *mail, *language; /* phone, mail or NULL */
	const char *incident;	/* or NULL */
	const char *kind;	/* call update reminder task late over exhausted tell test */
	const char *hazard, *severity;
	const char *text;	/* final, with every mark */
	const char *text_again;	/* the same marked as a repeat */
	const char *json;	/* final full notice */
	const char *json_again;
	int64_t expiry_ms;	/* from now; 0: none */
	int is_life;		/* fire, gas, people */
};

struct plugin_host {
	uint32_t size;
	void *host; /* first argument of each */
	void (*log)(void *host, int priority, const char *text);
	/* exactly once per job, from send() itself or later */
	void (*done)(void *host, void *job, enum plugin_outcome outcome, const char *why);
	/* MQTT publish below the site's root; done is answered by the host when `job` is not NULL. */
	void (*publish)(void *host, void *job, const char *topic, const char *payload, const char *payload_again,
			int64_t expiry_ms, int is_life);
	/* structured journal entry: KEY=value strings, NULL-terminated */
	int (*journal)(void *host, const char *const *fields);
	/* posix_spawn argv in a process group of its own, `input` on stdin; after timeout_ms the group is
	 * killed; exit 0 sent, 75 failed for now, else failed; answers the job. */
	void (*spawn)(void *host, void *job, const char *const *argv, const char *input, int64_t timeout_ms);
};

struct plugin_api {
	uint32_t abi, size;
	const char *name, *version;
	/* options of one channel; NULL and *ret_error (static text) when they are wrong */
	void *(*open)(const struct plugin_host *host, const char *const *argv, int64_t timeout_ms, const char **ret_error);
	void (*send)(void *channel, void *job_handle, const struct plugin_job *job);
	void (*close)(void *channel);
};

extern const struct plugin_api plugin_page, plugin_journal, plugin_exec;

#endif
