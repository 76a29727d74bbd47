/*
 * cpgnode: a member of a closed process group that sends numbered messages and
 * writes down everything it is told, through the C library of the reference.
 *
 * usage: cpgnode GROUP LOG RATE MIN MAX
 *   RATE messages a second of MIN to MAX bytes, 0 for none.
 *
 * SIGUSR1 ends the sending, SIGTERM the program, after a leave.
 * Each event is one line of JSON in LOG, in the format of totem/evs, and beside
 * it the group's membership and what was damaged.
 */
#include <corosync/corotypes.h>
#include <corosync/cpg.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_LEN 64

static volatile sig_atomic_t sending = 1, leaving;
static FILE *out;
static char self[32]; /* "node/incarnation": pids come again after a boot */
static int rings; /* configurations seen */

static void on_signal(int sig)
{
	sending = 0;
	if (sig == SIGTERM)
		leaving = 1;
}

/* Every byte of a message's body follows from its number. */
static uint8_t body_byte(uint64_t number, size_t i)
{
	return (uint8_t)(number * 31 + i * 7 + (i >> 8));
}

static struct head {
	uint32_t node, pid, incarnation;
	uint64_t number;
	uint32_t length;
} hd; /* of the message sent last */

static void deliver(cpg_handle_t h, const struct cpg_name *group, uint32_t node, uint32_t pid, void *msg, size_t len)
{
	struct head got;
	const uint8_t *p = msg;
	int whole = 0;

	(void)h;
	(void)group;
	if (len >= sizeof(got)) {
		memcpy(&got, msg, sizeof(got));
		whole = got.length == len && got.node == node && got.pid == pid;
		for (size_t i = sizeof(got); whole && i < len; i++)
			whole = p[i] == body_byte(got.number, i);
	}
	if (!whole) {
		fprintf(out, "{\"proc\":\"%s\",\"ev\":\"damaged\",\"node\":%" PRIu32 ",\"pid\":%" PRIu32 ",\"len\":%zu}\n", self, node, pid, len);
		return;
	}
	fprintf(out, "{\"proc\":\"%s\",\"ev\":\"deliver\",\"msg\":\"%" PRIu32 "/%" PRIu32 "/%" PRIu64 "\"}\n", self, node, got.incarnation, got.number);
}

static void print_list(const char *name, const struct cpg_address *list, size_t n)
{
	fprintf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s{\"node\":%" PRIu32 ",\"pid\":%" PRIu32 ",\"reason\":%" PRIu32 "}", i ? "," : "", list[i].nodeid, list[i].pid, list[i].reason);
	fputc(']', out);
}

/*
 * The ring's configurations. What is written down starts with our own join: it
 * comes into the middle of the configuration of that moment. The library may
 * have told of rings before it, since a connection without a group is told too,
 * and the reference tells the initial one with the first change of any group;
 * and it may tell of the one of the join only after it, or once more.
 */
static struct {
	struct cpg_ring_id id;
	uint32_t n, members[CPG_MEMBERS_MAX];
	int known, written;
} now;
static int joined; /* our join has come */

/* The nodes that processes of the group have gone with since the configuration before. */
static struct {
	uint32_t n, nodes[CPG_MEMBERS_MAX];
} gone;

static void note_gone(uint32_t node)
{
	for (uint32_t i = 0; i < gone.n; i++)
		if (gone.nodes[i] == node)
			return;
	if (gone.n < CPG_MEMBERS_MAX)
		gone.nodes[gone.n++] = node;
}

static void print_nodes(const char *name, const uint32_t *nodes, uint32_t n)
{
	fprintf(out, ",\"%s\":[", name);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "%s%" PRIu32, i ? "," : "", nodes[i]);
	fputc(']', out);
}

static void write_ring(void)
{
	if (!joined || !now.known || now.written)
		return;
	fprintf(out, "{\"proc\":\"%s\",\"ev\":\"config\",%s\"ring\":\"%" PRIx32 ".%" PRIx64 "\"",
		self, rings++ ? "" : "\"initial\":true,", now.id.nodeid, now.id.seq);
	print_nodes("members", now.members, now.n);
	print_nodes("left", gone.nodes, gone.n);
	fputs("}\n", out);
	gone.n = 0;
	now.written = 1;
}

static void ring(cpg_handle_t h, struct cpg_ring_id id, uint32_t n, const uint32_t *members)
{
	(void)h;
	if (now.known && now.id.nodeid == id.nodeid && now.id.seq == id.seq)
		return;
	now.id = id;
	now.n = n < CPG_MEMBERS_MAX ? n : CPG_MEMBERS_MAX;
	memcpy(now.members, members, now.n * sizeof(*members));
	now.known = 1;
	now.written = 0;
	write_ring();
}

static void confchg(cpg_handle_t h, const struct cpg_name *group,
	const struct cpg_address *members, size_t n_members,
	const struct cpg_address *left, size_t n_left,
	const struct cpg_address *came, size_t n_came)
{
	(void)h;
	(void)group;
	fprintf(out, "{\"proc\":\"%s\",\"ev\":\"group\"", self);
	print_list("members", members, n_members);
	print_list("left", left, n_left);
	print_list("joined", came, n_came);
	fputs("}\n", out);
	for (size_t i = 0; i < n_left; i++)
		if (left[i].reason == CPG_REASON_NODEDOWN)
			note_gone(left[i].nodeid);
	for (size_t i = 0; i < n_came; i++)
		if (came[i].nodeid == hd.node && came[i].pid == hd.pid)
			joined = 1;
	write_ring();
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int quit(const char *what, cs_error_t err)
{
	fprintf(out, "{\"proc\":\"%s\",\"ev\":\"crash\"}\n", self);
	fflush(out);
	fprintf(stderr, "cpgnode: %s: %s\n", what, cs_strerror(err));
	return 1;
}

int main(int argc, char **argv)
{
	cpg_model_v1_data_t model = {
		.model = CPG_MODEL_V1,
		.cpg_deliver_fn = deliver,
		.cpg_confchg_fn = confchg,
		.cpg_totem_confchg_fn = ring,
		.flags = CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF,
	};
	struct cpg_name group;
	cpg_handle_t h;
	cs_error_t err;
	int fd;

	if (argc != 6) {
		fprintf(stderr, "usage: cpgnode GROUP LOG RATE MIN MAX\n");
		return 2;
	}
	double rate = atof(argv[3]);
	size_t min = (size_t)atol(argv[4]), max = (size_t)atol(argv[5]);
	if (min < sizeof(hd) || max < min || max > 1000000 || strlen(argv[1]) >= NAME_MAX_LEN) {
		fprintf(stderr, "cpgnode: sizes from %zu to 1000000 bytes, a group of less than %d\n", sizeof(hd), NAME_MAX_LEN);
		return 2;
	}
	if ((out = fopen(argv[2], "a")) == NULL) {
		perror(argv[2]);
		return 2;
	}
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);

	for (int i = 0; (err = cpg_model_initialize(&h, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL)) == CS_ERR_TRY_AGAIN && i < 600; i++)
		usleep(100000);
	if (err != CS_OK)
		return quit("cpg_initialize", err);
	group.length = strlen(argv[1]);
	memcpy(group.value, argv[1], group.length);
	unsigned int local;
	if ((err = cpg_local_get(h, &local)) != CS_OK)
		return quit("cpg_local_get", err);
	hd.node = local;
	hd.pid = (uint32_t)getpid();
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	hd.incarnation = (uint32_t)((uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000);
	snprintf(self, sizeof(self), "%" PRIu32 "/%" PRIu32, hd.node, hd.incarnation);
	while ((err = cpg_join(h, &group)) == CS_ERR_TRY_AGAIN)
		usleep(10000);
	if (err != CS_OK)
		return quit("cpg_join", err);
	cpg_fd_get(h, &fd);

	int said = 0;
	uint8_t *buf = malloc(max);
	uint64_t gap = rate > 0 ? (uint64_t)(1e9 / rate) : 0, next = now_ns();
	srand((unsigned int)getpid());
	while (!leaving) {
		uint64_t now = now_ns();
		int due = rings && (sending || said) && gap > 0 && now >= next;
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int wait = rings && (sending || said) && gap > 0 ? (int)((due ? 0 : next - now) / 1000000u) : 100;

		if (poll(&p, 1, wait) < 0 && errno != EINTR)
			return quit("poll", CS_ERR_LIBRARY);
		if (p.revents) {
			err = cpg_dispatch(h, CS_DISPATCH_ALL);
			fflush(out);
			if (err != CS_OK && err != CS_ERR_TRY_AGAIN)
				return quit("cpg_dispatch", err);
		}
		if (!due)
			continue;
		if (!said) { /* a refused message is tried again under its number */
			hd.number++;
			hd.length = (uint32_t)(min + (max > min ? (size_t)rand() % (max - min + 1) : 0));
			memcpy(buf, &hd, sizeof(hd));
			for (size_t i = sizeof(hd); i < hd.length; i++)
				buf[i] = body_byte(hd.number, i);
			fprintf(out, "{\"proc\":\"%s\",\"ev\":\"send\",\"msg\":\"%s/%" PRIu64 "\"}\n", self, self, hd.number);
			fflush(out);
			said = 1;
		}
		struct iovec iov = {.iov_base = buf, .iov_len = hd.length};
		err = cpg_mcast_joined(h, CPG_TYPE_AGREED, &iov, 1);
		if (err == CS_ERR_TRY_AGAIN) {
			next = now_ns() + 1000000u;
			continue;
		}
		if (err != CS_OK)
			return quit("cpg_mcast_joined", err);
		said = 0;
		next += gap;
	}
	cpg_leave(h, &group);
	cpg_finalize(h);
	fclose(out);
	return 0;
}
