/* A client of an echo service, for the tests and the benchmark of internal/qb.
 *
 * echo_client NAME MAX echo COUNT SIZE   round trips; every answer is compared
 * echo_client NAME MAX pipe COUNT SIZE   requests one after the other, then the answers
 * echo_client NAME MAX events COUNT SIZE asks for COUNT events of SIZE bytes, takes them
 * echo_client NAME MAX slow COUNT SIZE   likewise, but waits before it takes the first
 * echo_client NAME MAX idle              connects and waits for the server's end
 * echo_client NAME MAX hello             connects and leaves; prints errno if refused
 *
 * Prints "seconds N", "errno N" or what is wrong; 0 when all is well.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <qb/qbipcc.h>

struct req { struct qb_ipc_request_header h; int32_t count, size; };
enum { MSG_ECHO = 1, MSG_EVENTS = 2 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(const char *what, long got, long want)
{
	printf("%s: got %ld, want %ld\n", what, got, want);
	return 1;
}

static void fill(char *b, size_t from, size_t size, int seed)
{
	for (size_t i = from; i < size; i++)
		b[i] = (char)(i * 7 + seed);
}

static int check(const char *b, size_t from, size_t size, int seed)
{
	for (size_t i = from; i < size; i++)
		if (b[i] != (char)(i * 7 + seed))
			return fail("byte differs at", i, seed);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return fail("arguments", argc, 4);
	size_t max = strtoul(argv[2], NULL, 0);
	qb_ipcc_connection_t *c = qb_ipcc_connect(argv[1], max);
	if (c == NULL) {
		printf("errno %d\n", errno);
		return 0;
	}
	if (strcmp(argv[3], "hello") == 0) {
		printf("size %d\n", qb_ipcc_get_buffer_size(c));
		qb_ipcc_disconnect(c);
		return 0;
	}
	if (strcmp(argv[3], "idle") == 0) {
		puts("ready");
		fflush(stdout);
		int fd;
		qb_ipcc_fd_get(c, &fd);
		char b[64];
		ssize_t r;
		do {
			struct pollfd p = { fd, POLLIN, 0 };
			poll(&p, 1, 1000);
			r = qb_ipcc_event_recv(c, b, sizeof b, 0);
		} while (r == -EAGAIN || r == -ETIMEDOUT);
		printf("end %zd\n", r);
		qb_ipcc_disconnect(c);
		return 0;
	}
	int count = atoi(argv[4]), size = atoi(argv[5]);
	char *out = malloc(max), *in = malloc(max);
	struct req *q = (struct req *)out;
	double t0 = now();
	if (strcmp(argv[3], "echo") == 0 || strcmp(argv[3], "pipe") == 0) {
		int window = strcmp(argv[3], "pipe") == 0 ? 32 : 1;
		if (size < (int)sizeof(struct qb_ipc_response_header))
			size = sizeof(struct qb_ipc_response_header);
		int big = size > 4096; /* the small ones change each time */
		fill(out, sizeof *q, size, 0);
		for (int i = 0; i < count; i += window) {
			for (int k = 0; k < window; k++) {
				q->h.id = MSG_ECHO;
				q->h.size = size;
				if (!big)
					fill(out, sizeof *q, size, i + k);
				ssize_t r;
				do
					r = qb_ipcc_send(c, out, size);
				while (r == -EAGAIN);
				if (r != size)
					return fail("send", r, size);
			}
			for (int k = 0; k < window; k++) {
				ssize_t r = qb_ipcc_recv(c, in, max, 60000);
				if (r != size)
					return fail("recv", r, size);
				if (!big ? check(in, sizeof *q, size, i + k) : in[size-1] != out[size-1])
					return fail("content", i, k);
			}
		}
	} else {
		q->h.id = MSG_EVENTS;
		q->h.size = sizeof *q;
		q->count = count;
		q->size = size;
		if (qb_ipcc_send(c, q, sizeof *q) != sizeof *q)
			return fail("send", -1, sizeof *q);
		if (strcmp(argv[3], "slow") == 0)
			usleep(300000);
		for (int i = 0; i < count; i++) {
			ssize_t r;
			do
				r = qb_ipcc_event_recv(c, in, max, 60000);
			while (r == -EAGAIN);
			if (r != size)
				return fail("event", r, size);
			if (((struct qb_ipc_response_header *)in)->error != i)
				return fail("event number", ((struct qb_ipc_response_header *)in)->error, i);
			if (check(in, sizeof(struct qb_ipc_response_header), size > 256 ? 256 : size, i))
				return fail("event content", i, i);
		}
		/* nothing may be left */
		ssize_t r = qb_ipcc_event_recv(c, in, max, 0);
		if (r != -EAGAIN && r != -ETIMEDOUT)
			return fail("one event too many", r, -EAGAIN);
	}
	printf("seconds %.6f\n", now() - t0);
	qb_ipcc_disconnect(c);
	return 0;
}
