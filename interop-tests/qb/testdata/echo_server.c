/* An echo service, for the tests and the benchmark of internal/qb.
 *
 * echo_server NAME shm|socket
 *
 * Ends when its standard input does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <qb/qbdefs.h>
#include <qb/qbipcs.h>
#include <qb/qbloop.h>

struct req { struct qb_ipc_request_header h; int32_t count, size; };
enum { MSG_ECHO = 1, MSG_EVENTS = 2, MSG_DIE = 3 };

static qb_loop_t *loop;

struct stream { qb_ipcs_connection_t *c; int32_t next, count, size; };

static int32_t job_add(enum qb_loop_priority p, void *d, qb_loop_job_dispatch_fn fn) { return qb_loop_job_add(loop, p, d, fn); }
static int32_t dispatch_add(enum qb_loop_priority p, int32_t fd, int32_t ev, void *d, qb_ipcs_dispatch_fn_t fn) { return qb_loop_poll_add(loop, p, fd, ev, d, fn); }
static int32_t dispatch_mod(enum qb_loop_priority p, int32_t fd, int32_t ev, void *d, qb_ipcs_dispatch_fn_t fn) { return qb_loop_poll_mod(loop, p, fd, ev, d, fn); }
static int32_t dispatch_del(int32_t fd) { return qb_loop_poll_del(loop, fd); }

static int32_t on_accept(qb_ipcs_connection_t *c, uid_t u, gid_t g) { return 0; }
static int32_t on_closed(qb_ipcs_connection_t *c) { return 0; }

static void send_events(void *data)
{
	struct stream *s = data;
	static char b[1 << 20];
	for (; s->next < s->count; s->next++) {
		struct qb_ipc_response_header *h = (void *)b;
		h->id = MSG_EVENTS;
		h->size = s->size;
		h->error = s->next;
		int n = s->size > 256 ? 256 : s->size;
		for (int i = sizeof *h; i < n; i++)
			b[i] = (char)(i * 7 + s->next);
		ssize_t r = qb_ipcs_event_send(s->c, b, s->size);
		if (r == -EAGAIN) {
			qb_loop_job_add(loop, QB_LOOP_HIGH, s, send_events);
			return;
		}
		if (r < 0)
			break;
	}
	qb_ipcs_connection_unref(s->c);
	free(s);
}

static int32_t on_message(qb_ipcs_connection_t *c, void *data, size_t size)
{
	struct req *q = data;
	switch (q->h.id) {
	case MSG_ECHO:
		qb_ipcs_response_send(c, data, size);
		break;
	case MSG_EVENTS: {
		struct stream *s = calloc(1, sizeof *s);
		qb_ipcs_connection_ref(c);
		s->c = c;
		s->count = q->count;
		s->size = q->size;
		send_events(s);
		break;
	}
	case MSG_DIE:
		abort();
	}
	return 0;
}

static int32_t on_stdin(int32_t fd, int32_t ev, void *d)
{
	qb_loop_stop(loop);
	return -1;
}

int main(int argc, char **argv)
{
	struct qb_ipcs_service_handlers h = {
		.connection_accept = on_accept, .connection_closed = on_closed, .msg_process = on_message,
	};
	struct qb_ipcs_poll_handlers p = { job_add, dispatch_add, dispatch_mod, dispatch_del };
	if (argc != 3)
		return 1;
	loop = qb_loop_create();
	qb_ipcs_service_t *s = qb_ipcs_create(argv[1], 4, strcmp(argv[2], "shm") ? QB_IPC_SOCKET : QB_IPC_SHM, &h);
	qb_ipcs_poll_handlers_set(s, &p);
	int r = qb_ipcs_run(s);
	if (r != 0) {
		printf("qb_ipcs_run: %d\n", r);
		return 1;
	}
	/* as corosync does while its queue is low */
	qb_ipcs_request_rate_limit(s, QB_IPCS_RATE_FAST);
	puts("ready");
	fflush(stdout);
	qb_loop_poll_add(loop, QB_LOOP_LOW, 0, POLLIN | POLLHUP, NULL, on_stdin);
	qb_loop_run(loop);
	qb_ipcs_destroy(s);
	return 0;
}
