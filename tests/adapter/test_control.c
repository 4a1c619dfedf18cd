/* The control socket from its other end: real clients on a real socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "clock.h"
#include "control.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_MS = 60000, BIG = 1 << 21, LONG_ANSWER = 3 << 20 };

static struct loop *loop;
static struct control *control;
static char path[64];
static char seen[256]; /* of the last question */
static int64_t last_client;
static int n_asked;

static void on_ask(void *arg, const struct control_request *r)
{
	(void)arg;
	n_asked++;
	last_client = r->client;
	snprintf(seen, sizeof seen, "%s|%s|%s|%s|%s|%lld|%d|%d", r->act, r->verb ? r->verb : "-",
	         r->text ? r->text : "-", r->as ? r->as : "-", r->role ? r->role : "-", (long long)r->id,
	         r->closed, r->is_admin);
	if (!strcmp(r->act, "echo"))
		control_answer(control, r->client, "{\"ok\":true}");
	if (!strcmp(r->act, "list")) {
		char *answer = xmalloc(LONG_ANSWER + 1);

		memset(answer, 'i', LONG_ANSWER);
		answer[LONG_ANSWER] = 0;
		control_answer(control, r->client, answer);
		free(answer);
	}
	if (!strcmp(r->act, "follow"))
		control_follow(control, r->client);
	if (!strcmp(r->act, "who")) {
		char who[128];

		snprintf(who, sizeof who, "%s %u %d", r->login, (unsigned)r->uid, r->is_admin);
		control_answer(control, r->client, who);
	}
}

static void on_tick(void *arg)
{
	loop_stop(arg);
}

/* Turns the loop a little; the clients of the test are served meanwhile. */
static void turn(void)
{
	struct loop_timer *t = loop_timer(loop, on_tick, loop);

	loop_timer_in(t, 5);
	loop_run(loop);
	loop_timer_free(t);
}

static int client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One line, without its end; "" when the other side closed. */
static const char *hear(int fd)
{
	static char line[4096];
	size_t n = 0;
	int64_t until_ms = clock_steady_ms() + LIMIT_MS;

	while (clock_steady_ms() < until_ms) {
		ssize_t got = recv(fd, line + n, 1, 0);

		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return "";
		if (got < 0) {
			turn();
			continue;
		}
		if (line[n] == '\n') {
			line[n] = 0;
			return line;
		}
		if (++n == sizeof line - 1)
			break;
	}
	fail_msg("no answer");
	return NULL;
}

static void test_a_question_and_its_answer(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "{\"do\":\"echo\",\"verb\":\"ack\",\"text\":\"17 "
	        "\\u786e\",\"as\":\"wang\",\"id\":17,\"closed\":true}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	assert_string_equal(seen, "echo|ack|17 \xe7\xa1\xae|wang|-|17|1|1");
	say(fd, "{\"do\":\"echo\",\"as\":null,\"role\":\"duty\"}\n{\"do\":\"ec");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	assert_string_equal(seen, "echo|-|-|-|duty|0|0|1");
	say(fd, "ho\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	close(fd);
}

static void test_the_peer_has_its_login_name(void **state)
{
	const struct passwd *pw = getpwuid(geteuid());
	char who[128];
	int fd = client();

	(void)state;
	assert_non_null(pw);
	snprintf(who, sizeof who, "%s %u 1", pw->pw_name, (unsigned)geteuid());
	say(fd, "{\"do\":\"who\"}\n");
	assert_string_equal(hear(fd), who);
	close(fd);
}

static void test_nonsense_is_refused_and_the_line_goes_on(void **state)
{
	static const char *const wrong[] = {"",
	                                    "{",
	                                    "[]",
	                                    "null",
	                                    "{\"verb\":\"ack\"}",
	                                    "{\"do\":1}",
	                                    "{\"do\":\"echo\",\"id\":\"x\"}",
	                                    "{\"do\":\"echo\",\"id\":-1}",
	                                    "{\"do\":\"echo\",\"text\":[]}",
	                                    "\xff\xfe",
	                                    "{\"do\":\"echo\",\"do\":\"who\"}"};
	int fd = client(), before = n_asked;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		say(fd, wrong[i]);
		say(fd, "\n");
		assert_non_null(strstr(hear(fd), "\"error\":\"bad_request\""));
	}
	assert_int_equal(n_asked, before);
	say(fd, "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	close(fd);
}

static void test_a_line_without_end_is_refused(void **state)
{
	char *big = xmalloc(9000);
	int fd = client();

	(void)state;
	memset(big, 'x', 9000);
	assert_true(send(fd, big, 9000, MSG_NOSIGNAL) > 8192);
	assert_non_null(strstr(hear(fd), "too_big"));
	assert_string_equal(hear(fd), "");
	close(fd);
	free(big);
}

static void test_followers_hear_every_row(void **state)
{
	int a = client(), b = client();

	(void)state;
	assert_false(control_has_followers(control));
	say(a, "{\"do\":\"follow\"}\n");
	while (!control_has_followers(control))
		turn();
	control_row(control, "{\"seq\":1}");
	control_row(control, "{\"seq\":2}");
	assert_string_equal(hear(a), "{\"seq\":1}");
	assert_string_equal(hear(a), "{\"seq\":2}");
	close(a);
	for (int64_t until_ms = clock_steady_ms() + LIMIT_MS; control_has_followers(control) && clock_steady_ms() < until_ms;)
		turn();
	assert_false(control_has_followers(control));
	say(b, "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(b), "{\"ok\":true}");
	close(b);
}

static void test_who_does_not_read_is_dropped(void **state)
{
	char *row = xmalloc(65536);
	int lazy = client(), good = client();

	(void)state;
	memset(row, 'r', 65535);
	row[65535] = 0;
	say(lazy, "{\"do\":\"follow\"}\n");
	while (!control_has_followers(control))
		turn();
	for (int sent = 0; sent < BIG && control_has_followers(control); sent += 65536) {
		control_row(control, row);
		turn();
	}
	for (int64_t until_ms = clock_steady_ms() + LIMIT_MS; control_has_followers(control) && clock_steady_ms() < until_ms;)
		turn();
	assert_false(control_has_followers(control));
	say(good, "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(good), "{\"ok\":true}");
	close(lazy);
	close(good);
	free(row);
}

/* The list of a night with a thousand incidents: whoever reads it gets it whole. */
static void test_a_long_answer_arrives(void **state)
{
	static char block[65536];
	int fd = client();
	size_t heard = 0;

	(void)state;
	say(fd, "{\"do\":\"list\"}\n");
	for (int64_t until_ms = clock_steady_ms() + LIMIT_MS; clock_steady_ms() < until_ms;) {
		ssize_t n = recv(fd, block, sizeof block, 0);

		assert_int_not_equal(n, 0);
		if (n < 0) {
			turn();
			continue;
		}
		heard += (size_t)n;
		if (block[n - 1] == '\n')
			break;
	}
	assert_int_equal(heard, LONG_ANSWER + 1);
	say(fd, "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	close(fd);
}

static void test_an_answer_to_nobody_does_no_harm(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "{\"do\":\"later\"}\n");
	for (n_asked = 0; !n_asked;)
		turn();
	close(fd);
	turn();
	control_answer(control, last_client, "{}");
	control_answer(NULL, 1, "{}");
}

/* `printf ... | nc -N -U`: it shuts its writing side, and reads on. */
static void test_who_asks_no_more_hears_its_answers(void **state)
{
	int fd = client();

	(void)state;
	say(fd, "{\"do\":\"later\"}\n{\"do\":\"later\"}\n{\"do\":\"unfin");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (n_asked = 0; n_asked < 2;)
		turn();
	turn();
	control_more(control, last_client); /* one answer in two lines */
	control_answer(control, last_client, "{\"part\":1}");
	control_answer(control, last_client, "{\"part\":2}");
	assert_string_equal(hear(fd), "{\"part\":1}");
	assert_string_equal(hear(fd), "{\"part\":2}");
	turn();
	control_answer(control, last_client, "{\"n\":2}");
	assert_string_equal(hear(fd), "{\"n\":2}");
	assert_string_equal(hear(fd), "");
	control_answer(control, last_client, "{}");
	close(fd);
}

static void test_who_asks_no_more_hears_a_long_one(void **state)
{
	static char block[65536];
	int fd = client();
	size_t heard = 0;

	(void)state;
	say(fd, "{\"do\":\"list\"}\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	for (int64_t until_ms = clock_steady_ms() + LIMIT_MS; clock_steady_ms() < until_ms;) {
		ssize_t n = recv(fd, block, sizeof block, 0);

		if (n == 0)
			break;
		if (n < 0)
			turn();
		else
			heard += (size_t)n;
	}
	assert_int_equal(heard, LONG_ANSWER + 1);
	close(fd);
}

static void test_the_sixty_fifth_client_is_turned_away(void **state)
{
	int fds[65];

	(void)state;
	for (int i = 0; i < 65; i++) {
		fds[i] = client();
		turn();
	}
	assert_string_equal(hear(fds[64]), "");
	say(fds[63], "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(fds[63]), "{\"ok\":true}");
	for (int i = 0; i < 65; i++)
		close(fds[i]);
}

static void test_socket_file(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(control_is_answered(path));
	assert_false(control_is_answered("/nonexistent/socket"));
}

static void test_only_a_socket_makes_room(void **state)
{
	char name[64];
	struct control *second;
	struct err err = {0};
	struct stat st;
	FILE *f;

	(void)state;
	snprintf(name, sizeof name, "/tmp/control-%d.file", (int)getpid());
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fputs("mine", f) < 0 || fclose(f), 0);
	assert_null(control_open(loop, name, -1, &err));
	assert_non_null(strstr(err.text, name));
	assert_non_null(strstr(err.text, "TOCSIN_SOCKET"));
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_size, 4);

	assert_int_equal(unlink(name), 0);
	second = control_open(loop, name, -1, &err); /* and, at its end, what took the socket's place */
	assert_non_null(second);
	assert_int_equal(unlink(name), 0);
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	control_close(second);
	assert_int_equal(unlink(name), 0);

	second = control_open(loop, name, -1, &err);
	assert_non_null(second);
	control_close(second);
	assert_int_equal(access(name, F_OK), -1);
}

/* -- handed in by the door -- */

static int door(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

/* The other end of a connection that the door hands in as this person's. */
static int handed_in(int through, const struct peer *peer)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(peer_hand_over(through, ends[1], peer), 0);
	close(ends[1]);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	return ends[0];
}

static void test_the_door_says_who_it_is(void **state)
{
	static const struct peer wang = {.uid = 4711, .login = "wang"}, root = {.login = "root", .is_admin = true};
	int through = door(), a = handed_in(through, &wang), b = handed_in(through, &root);

	(void)state;
	say(a, "{\"do\":\"who\"}\n");
	assert_string_equal(hear(a), "wang 4711 0");
	say(b, "{\"do\":\"who\"}\n");
	assert_string_equal(hear(b), "root 0 1");
	close(through); /* it is restarted: who is in stays in */
	through = door();
	say(a, "{\"do\":\"who\"}\n");
	assert_string_equal(hear(a), "wang 4711 0");
	close(a);
	close(b);
	close(through);
}

static void test_what_is_no_connection_does_no_harm(void **state)
{
	static const struct peer wang = {.login = "wang"};
	int through = door(), fd;

	(void)state;
	assert_int_equal(send(through, &wang, sizeof wang, MSG_NOSIGNAL), sizeof wang);
	assert_int_equal(send(through, "x", 1, MSG_NOSIGNAL), 1);
	fd = handed_in(through, &wang);
	say(fd, "{\"do\":\"echo\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true}");
	close(fd);
	close(through);
}

static void test_nobody_else_vouches(void **state)
{
	static const struct peer root = {.login = "root", .is_admin = true};
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip(); /* cannot become somebody else */
	assert_int_equal(chmod(path, 0666), 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int ends[2], through = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		char line[64];

		strcpy(address.sun_path, path);
		if (setuid(65534) || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ||
		    connect(through, (struct sockaddr *)&address, sizeof address))
			_exit(2);
		if (peer_hand_over(through, ends[1], &root) < 0)
			_exit(0);
		close(ends[1]);
		(void)!write(ends[0], "{\"do\":\"who\"}\n", 13);
		_exit(read(ends[0], line, sizeof line) > 0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		turn();
	assert_int_equal(status, 0);
}

static int setup_door(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct err err;

	(void)state;
	snprintf(path, sizeof path, "/tmp/door-%d.sock", (int)getpid());
	strcpy(address.sun_path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4) < 0)
		return -1;
	loop = loop_new();
	control = control_open(loop, "", fd, &err);
	control_on_ask(control, on_ask, NULL);
	return 0;
}

static int teardown_door(void **state)
{
	(void)state;
	control_close(control);
	loop_free(loop);
	return unlink(path);
}

static int setup(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err err;

	(void)state;
	snprintf(path, sizeof path, "/tmp/control-%d.sock", (int)getpid());
	strcpy(address.sun_path, path);
	unlink(path); /* of another process that had our number */
	if (bind(left, (struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	close(left); /* a left-over does not stop it */
	loop = loop_new();
	control = control_open(loop, path, -1, &err);
	if (!control)
		return -1;
	control_on_ask(control, on_ask, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	control_close(control);
	loop_free(loop);
	return access(path, F_OK) == 0;
}

#define TEST_DOOR(F) cmocka_unit_test_setup_teardown(F, setup_door, teardown_door)
#define TEST(F) cmocka_unit_test_setup_teardown(F, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_question_and_its_answer),
	    TEST(test_the_peer_has_its_login_name),
	    TEST(test_nonsense_is_refused_and_the_line_goes_on),
	    TEST(test_a_line_without_end_is_refused),
	    TEST(test_followers_hear_every_row),
	    TEST(test_who_does_not_read_is_dropped),
	    TEST(test_a_long_answer_arrives),
	    TEST(test_an_answer_to_nobody_does_no_harm),
	    TEST(test_who_asks_no_more_hears_its_answers),
	    TEST(test_who_asks_no_more_hears_a_long_one),
	    TEST(test_only_a_socket_makes_room),
	    TEST(test_the_sixty_fifth_client_is_turned_away),
	    TEST(test_socket_file),
	    TEST_DOOR(test_the_door_says_who_it_is),
	    TEST_DOOR(test_what_is_no_connection_does_no_harm),
	    TEST_DOOR(test_nobody_else_vouches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
