/* doctor_disk.c - where the audit lives, and whether a copy of it does. */
#include "doctor.h"
#include "store_disk.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

enum { BACKUP_DAYS = 8, DAY_S = 86400 };

static bool look(const struct doctor *d, char ret_dir[PATH_MAX], struct stat *ret)
{
	disk_beside(d->plan->store_path, "", ret_dir);
	if (!*ret_dir)
		strcpy(ret_dir, ".");
	return stat(ret_dir, ret) == 0;
}

void doctor_disk(struct doctor *d)
{
	char dir[PATH_MAX];
	struct statvfs fs;
	struct stat st;

	if (!look(d, dir, &st) || statvfs(dir, &fs) < 0)
		doctor_found(d, SEVERITY_CRITICAL,
		             "%s, where the audit belongs, is not there or may not be seen from here\n"
		             "as root, look at store: {path:}; systemd makes /var/lib/tocsin when the unit "
		             "starts",
		             dir);
	else if (fs.f_flag & ST_RDONLY)
		doctor_found(d, SEVERITY_CRITICAL,
		             "%s is on a disk that cannot be written: nothing is recorded\n"
		             "see the kernel's log, then mount -o remount,rw",
		             dir);
	else if (disk_is_low(d->plan->store_path, false))
		doctor_found(d, SEVERITY_MAJOR,
		             "%lld MiB are free in %s: when it is full nothing is recorded\n"
		             "make room on that disk",
		             (long long)(fs.f_bavail * fs.f_frsize) >> 20, dir);
}

void doctor_store_rights(struct doctor *d)
{
	char dir[PATH_MAX];
	struct stat st;

	if (look(d, dir, &st) && st.st_mode & S_IRWXO)
		doctor_found(d, SEVERITY_MINOR,
		             "%s is open to everybody on this machine: the audit names people and telephone "
		             "numbers\n"
		             "chmod 700 %s",
		             dir, dir);
}

void doctor_ballast(struct doctor *d)
{
	char dir[PATH_MAX], ballast[PATH_MAX];
	struct stat st;

	disk_beside(d->plan->store_path, "ballast", ballast);
	if (look(d, dir, &st) && stat(d->plan->store_path, &st) == 0 && stat(ballast, &st) < 0)
		doctor_found(
		    d, SEVERITY_MINOR,
		    "the reserve %s is gone: the disk has been full, and the next time there is none "
		    "to give up\n"
		    "make room, then systemctl restart tocsind makes it again",
		    ballast);
}

/* `tocsin backup` leaves its mark beside the store. */
void doctor_backup(struct doctor *d)
{
	char dir[PATH_MAX], mark[PATH_MAX];
	struct stat st;
	long long days;

	disk_beside(d->plan->store_path, "last-backup", mark);
	if (!look(d, dir, &st) || stat(d->plan->store_path, &st) < 0)
		return;
	if (stat(mark, &st) < 0) {
		doctor_found(d, SEVERITY_MAJOR,
		             "there never was a backup of the audit: with this disk everything is lost\n"
		             "systemctl enable --now tocsin-backup.timer, and take the copies to another "
		             "disk (operations.md)");
		return;
	}
	days = (long long)(time(NULL) - st.st_mtime) / DAY_S;
	if (days >= BACKUP_DAYS)
		doctor_found(d, SEVERITY_MAJOR,
		             "the last backup of the audit is %lld days old\n"
		             "why does the nightly `tocsin backup` not run?",
		             days);
}
