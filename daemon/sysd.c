/* sysd.c - the only file that sees sd-daemon.h. */
#include "sysd.h"

#include "clock.h"
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

void sysd_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void sysd_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=Reading the configuration again",
	           clock_monotonic_us());
}

void sysd_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=Stopping: writing what is decided");
}

void sysd_status(const char *status)
{
	sd_notifyf(0, "STATUS=%s", status);
}

int64_t sysd_watchdog_ms(void)
{
	uint64_t limit_us;

	return sd_watchdog_enabled(0, &limit_us) > 0 ? (int64_t)(limit_us / 3000) : 0;
}

void sysd_feed(void)
{
	sd_notify(0, "WATCHDOG=1");
}

int sysd_listen_fd(void)
{
	int n = sd_listen_fds(1);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
		if (sd_is_socket(fd, AF_UNIX, 0, 1) > 0)
			return fd;
	return -1;
}

int sysd_credential(const char *name, struct buf *ret, struct err *err)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	char path[1024];

	if (!dir)
		return err_set(err, "the credential %s needs systemd (LoadCredential=%s:/path)", name, name);
	if (strchr(name, '/'))
		return err_set(err, "a credential name has no slash: %s", name);
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return config_slurp(path, 65536, ret, err);
}
