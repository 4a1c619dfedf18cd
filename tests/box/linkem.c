/* linkem - delay, jitter, loss, duplication and rate for one link, in user
 * space, where the kernel has no sch_netem.
 *
 *   linkem IFA IFB [delay=MS] [jitter=MS] [loss=PERCENT] [dup=PERCENT]
 *                  [rate=BITS_PER_S] [limit=PACKETS] [seed=N]
 *
 * Carries Ethernet frames between two interfaces (the ends of two veth pairs)
 * through packet sockets, each direction with its own queue. Frames keep
 * their order. Checksum and segmentation offload metadata travels along
 * (PACKET_VNET_HDR), so no offload needs switching off. Prints "ready" once
 * it carries frames and its counters when it gets SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 65536 + 256 };

struct frame {
	struct frame *next;
	int64_t due;
	size_t len;
	unsigned char data[];
};

struct dir {
	int in, out;
	struct frame *head, **tail;
	unsigned queued;
	int64_t last_due, line_free;
	unsigned long carried, lost, doubled, overrun;
};

static int64_t delay_ns, jitter_ns;
static double loss, twice, rate;
static unsigned limit = 10000;
static uint64_t rng = 0x9e3779b97f4a7c15u;
static volatile sig_atomic_t stop;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double rnd(void)	/* xorshift64*, 0 <= r < 1 */
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return (double)((rng * UINT64_C(2685821657736338717)) >> 11) / 9007199254740992.0;
}

static int open_if(const char *name)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq promisc = { .mr_type = PACKET_MR_PROMISC };
	int one = 1, big = 4 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	a.sll_ifindex = promisc.mr_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || !a.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promisc, sizeof promisc) < 0) {
		fprintf(stderr, "linkem: %s: %s\n", name, strerror(errno));
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big);
	return fd;
}

static void enqueue(struct dir *d, const unsigned char *b, size_t n)
{
	struct frame *f;
	int64_t due = now_ns() + delay_ns;

	if (d->queued >= limit || !(f = malloc(sizeof *f + n))) {
		d->overrun++;
		return;
	}
	if (jitter_ns)
		due += (int64_t)((2 * rnd() - 1) * (double)jitter_ns);
	if (due < d->last_due)
		due = d->last_due;
	d->last_due = due;
	if (rate > 0) {
		int64_t start = due > d->line_free ? due : d->line_free;

		d->line_free = start + (int64_t)((double)n * 8e9 / rate);
		due = d->line_free;
	}
	f->next = NULL;
	f->due = due;
	f->len = n;
	memcpy(f->data, b, n);
	*d->tail = f;
	d->tail = &f->next;
	d->queued++;
}

static void take(struct dir *d)
{
	static unsigned char b[FRAME_MAX];
	ssize_t n;

	for (int i = 0; i < 64 && (n = recv(d->in, b, sizeof b, 0)) > 0; i++) {
		if (loss > 0 && rnd() < loss) {
			d->lost++;
			continue;
		}
		enqueue(d, b, (size_t)n);
		if (twice > 0 && rnd() < twice) {
			d->doubled++;
			enqueue(d, b, (size_t)n);
		}
	}
}

static void give(struct dir *d, int64_t t)
{
	struct frame *f;

	while ((f = d->head) && f->due <= t) {
		if (send(d->out, f->data, f->len, 0) < 0)
			d->overrun++;
		else
			d->carried++;
		if (!(d->head = f->next))
			d->tail = &d->head;
		d->queued--;
		free(f);
	}
}

static void on_term(int s)
{
	(void)s;
	stop = 1;
}

/* One word of the command line: 0, or -1 when it is none of ours. */
static int option(char *word)
{
	char *v = strchr(word, '=');
	double x = v ? strtod(v + 1, NULL) : -1;

	if (!v || x < 0)
		return -1;
	*v = 0;
	if (!strcmp(word, "delay"))
		delay_ns = (int64_t)(x * 1e6);
	else if (!strcmp(word, "jitter"))
		jitter_ns = (int64_t)(x * 1e6);
	else if (!strcmp(word, "loss"))
		loss = x / 100;
	else if (!strcmp(word, "dup"))
		twice = x / 100;
	else if (!strcmp(word, "rate"))
		rate = x;
	else if (!strcmp(word, "limit"))
		limit = (unsigned)x;
	else if (!strcmp(word, "seed"))
		rng ^= (uint64_t)x * UINT64_C(0xd1342543de82ef95);
	else
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct dir d[2] = { { 0 } };
	sigset_t term, old;

	if (argc < 3) {
		fputs("usage: linkem IFA IFB [delay=MS] [jitter=MS] [loss=PERCENT] [dup=PERCENT]"
		      " [rate=BITS_PER_S] [limit=PACKETS] [seed=N]\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		if (option(argv[i])) {
			fprintf(stderr, "linkem: %s?\n", argv[i]);
			return 2;
		}
	}
	d[0].in = d[1].out = open_if(argv[1]);
	d[1].in = d[0].out = open_if(argv[2]);
	d[0].tail = &d[0].head;
	d[1].tail = &d[1].head;
	signal(SIGTERM, on_term);
	signal(SIGINT, on_term);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaddset(&term, SIGINT);
	sigprocmask(SIG_BLOCK, &term, &old);
	puts("ready");
	fflush(stdout);
	while (!stop) {
		struct pollfd p[2] = { { d[0].in, POLLIN, 0 }, { d[1].in, POLLIN, 0 } };
		struct timespec ts, *tp = NULL;
		int64_t t = now_ns(), due = INT64_MAX;

		for (int i = 0; i < 2; i++)
			if (d[i].head && d[i].head->due < due)
				due = d[i].head->due;
		if (due != INT64_MAX) {
			int64_t w = due > t ? due - t : 0;

			ts = (struct timespec){ w / 1000000000, w % 1000000000 };
			tp = &ts;
		}
		ppoll(p, 2, tp, &old);
		t = now_ns();
		for (int i = 0; i < 2; i++) {
			if (p[i].revents & (POLLIN | POLLERR))
				take(&d[i]);
			give(&d[i], t);
		}
	}
	for (int i = 0; i < 2; i++)
		printf("%s>%s carried %lu lost %lu doubled %lu overrun %lu queued %u\n",
		       argv[1 + i], argv[2 - i], d[i].carried, d[i].lost, d[i].doubled, d[i].overrun,
		       d[i].queued);
	return 0;
}
