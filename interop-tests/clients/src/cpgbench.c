/*
 * cpgbench: what a closed process group carries and how soon, through the C
 * library of the reference, for either corosync below it.
 *
 * usage: cpgbench throughput SIZE SECONDS [GROUP]   sends as fast as it may
 *        cpgbench write SIZE SECONDS GROUP          the same, and does not wait for the
 *                                                   last of its messages: the reference
 *                                                   loses some under overload
 *        cpgbench latency SIZE COUNT                one message at a time
 *        cpgbench pace SIZE SECONDS MILLISECONDS    a message every so many milliseconds
 *        cpgbench receive                           is a member until it is ended
 *
 * throughput prints "MESSAGES BYTES SECONDS" of what was delivered back to it;
 * pace prints the longest time in which none was delivered back, in milliseconds;
 * latency prints the round trips' median, 99th percentile and largest in
 * microseconds.
 */
#include <corosync/corotypes.h>
#include <corosync/cpg.h>

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t delivered, bytes;
static uint32_t self_node, self_pid;

static void deliver(cpg_handle_t h, const struct cpg_name *g, uint32_t node, uint32_t pid, void *msg, size_t len)
{
	(void)h;
	(void)g;
	(void)msg;
	if (node == self_node && pid == self_pid) {
		delivered++;
		bytes += len;
	}
}

static void confchg(cpg_handle_t h, const struct cpg_name *g,
	const struct cpg_address *m, size_t n, const struct cpg_address *l, size_t nl, const struct cpg_address *j, size_t nj)
{
	(void)h; (void)g; (void)m; (void)n; (void)l; (void)nl; (void)j; (void)nj;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void check(const char *what, cs_error_t err)
{
	if (err == CS_OK || err == CS_ERR_TRY_AGAIN)
		return;
	fprintf(stderr, "cpgbench: %s: %s\n", what, cs_strerror(err));
	exit(1);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	cpg_callbacks_t callbacks = {.cpg_deliver_fn = deliver, .cpg_confchg_fn = confchg};
	struct cpg_name group = {.length = 5, .value = "bench"};
	cpg_handle_t h;
	cs_error_t err;
	int fd;

	if (argc < 2 || (strcmp(argv[1], "receive") != 0 && argc < 4)) {
		fprintf(stderr, "usage: cpgbench throughput SIZE SECONDS [GROUP] | write SIZE SECONDS GROUP | latency SIZE COUNT | pace SIZE SECONDS MILLISECONDS | receive\n");
		return 2;
	}
	if (argc > 4 && strcmp(argv[1], "pace") != 0) {
		group.length = strnlen(argv[4], CPG_MAX_NAME_LENGTH);
		memcpy(group.value, argv[4], group.length);
	}
	while ((err = cpg_initialize(&h, &callbacks)) == CS_ERR_TRY_AGAIN)
		usleep(10000);
	check("cpg_initialize", err);
	while ((err = cpg_join(h, &group)) == CS_ERR_TRY_AGAIN)
		usleep(10000);
	check("cpg_join", err);
	check("cpg_local_get", cpg_local_get(h, &self_node));
	self_pid = (uint32_t)getpid();
	check("cpg_fd_get", cpg_fd_get(h, &fd));

	if (strcmp(argv[1], "receive") == 0) {
		for (;;)
			check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_BLOCKING));
	}
	size_t size = (size_t)atol(argv[2]);
	struct iovec iov = {.iov_base = calloc(1, size ? size : 1), .iov_len = size};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t sent = 0;

	check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_ALL));
	if (strcmp(argv[1], "pace") == 0) {
		double every = argc > 4 ? atof(argv[4]) / 1e3 : 0.005;
		double t = now(), end = t + atof(argv[3]), next = t, last = t, longest = 0;

		while (t < end || delivered < sent) {
			uint64_t before = delivered;

			if (t >= next && t < end) {
				err = cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1);
				check("cpg_mcast_joined", err);
				if (err == CS_OK)
					sent++;
				next = t + every;
			}
			poll(&p, 1, 1);
			check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_ALL));
			t = now();
			if (delivered > before) {
				if (t - last > longest)
					longest = t - last;
				last = t;
			}
		}
		printf("%.1f\n", longest * 1e3);
	} else if (strcmp(argv[1], "latency") != 0) {
		double start = now(), end = start + atof(argv[3]);

		while (now() < end) {
			int refused = 0;
			for (int i = 0; i < 64 && !refused; i++) {
				err = cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1);
				check("cpg_mcast_joined", err);
				if (err == CS_OK)
					sent++;
				else
					refused = 1;
			}
			if (refused)
				poll(&p, 1, 1);
			check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_ALL));
		}
		while (delivered < sent && strcmp(argv[1], "write") != 0) {
			check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_ONE));
		}
		printf("%llu %llu %.6f\n", (unsigned long long)delivered, (unsigned long long)bytes, now() - start);
	} else {
		size_t count = (size_t)atol(argv[3]);
		double *t = calloc(count, sizeof(*t));

		for (size_t i = 0; i < count; i++) {
			double start = now();
			while ((err = cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1)) == CS_ERR_TRY_AGAIN)
				poll(&p, 1, 1);
			check("cpg_mcast_joined", err);
			while (delivered <= i)
				check("cpg_dispatch", cpg_dispatch(h, CS_DISPATCH_ONE));
			t[i] = (now() - start) * 1e6;
		}
		qsort(t, count, sizeof(*t), by_size);
		printf("%.1f %.1f %.1f\n", t[count / 2], t[count * 99 / 100], t[count - 1]);
	}
	cpg_finalize(h);
	return 0;
}
