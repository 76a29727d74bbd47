/* talk: a process group client that does what it reads on its standard input,
 * one command a line, and prints what comes of it; gotalk is the same in Go.
 * A command's output ends with the line "= CODE". */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <corosync/cpg.h>

static cpg_handle_t handle;
static struct cpg_name joined;
static int events;

static struct cpg_name name(const char *s)
{
	struct cpg_name n = {.length = strlen(s)};
	memcpy(n.value, s, n.length);
	return n;
}

static void addresses(const char *what, const struct cpg_address *a, size_t n)
{
	static const char *reasons[] = {"", "/join", "/leave", "/nodedown", "/nodeup", "/procdown"};
	printf(" %s", what);
	for (size_t i = 0; i < n; i++)
		printf(" %u:%u%s", a[i].nodeid, a[i].pid, a[i].reason < 6 ? reasons[a[i].reason] : "/?");
}

static void deliver(cpg_handle_t h, const struct cpg_name *g, uint32_t node, uint32_t pid, void *msg, size_t len)
{
	(void)h;
	uint64_t sum = 14695981039346656037u;
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ ((unsigned char *)msg)[i]) * 1099511628211u;
	printf("message %.*s %u:%u %zu %016" PRIx64 "\n", (int)g->length, g->value, node, pid, len, sum);
	events++;
}

static void confchg(cpg_handle_t h, const struct cpg_name *g, const struct cpg_address *m, size_t mn,
		    const struct cpg_address *l, size_t ln, const struct cpg_address *j, size_t jn)
{
	(void)h;
	printf("membership %.*s", (int)g->length, g->value);
	addresses("members", m, mn);
	addresses("left", l, ln);
	addresses("joined", j, jn);
	printf("\n");
	events++;
}

static void ring(cpg_handle_t h, struct cpg_ring_id id, uint32_t n, const uint32_t *nodes)
{
	(void)h;
	(void)id;
	printf("ring");
	for (uint32_t i = 0; i < n; i++)
		printf(" %u", nodes[i]);
	printf("\n");
	events++;
}

static cs_error_t iterate(cpg_iteration_type_t type, const char *group)
{
	cpg_iteration_handle_t it;
	struct cpg_iteration_description_t d;
	struct cpg_name n = name(group);
	cs_error_t rc = cpg_iteration_initialize(handle, type, type == CPG_ITERATION_ONE_GROUP ? &n : NULL, &it);
	if (rc != CS_OK)
		return rc;
	while ((rc = cpg_iteration_next(it, &d)) == CS_OK)
		printf("%.*s %u:%u\n", (int)d.group.length, d.group.value, d.nodeid, d.pid);
	if (rc != CS_ERR_NO_SECTIONS)
		return rc;
	return cpg_iteration_finalize(it);
}

static cs_error_t command(char *cmd, char *arg)
{
	if (!strcmp(cmd, "join")) {
		joined = name(arg);
		return cpg_join(handle, &joined);
	}
	if (!strcmp(cmd, "leave"))
		return cpg_leave(handle, &joined);
	if (!strcmp(cmd, "mcast")) {
		struct iovec iov = {arg, strlen(arg)};
		cs_error_t rc;
		while ((rc = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1)) == CS_ERR_TRY_AGAIN)
			usleep(1000);
		return rc;
	}
	if (!strcmp(cmd, "big")) {
		size_t n = atol(arg);
		char *b = malloc(n);
		for (size_t i = 0; i < n; i++)
			b[i] = i * 7 + i / 251;
		struct iovec iov = {b, n};
		cs_error_t rc;
		while ((rc = cpg_mcast_joined(handle, CPG_TYPE_AGREED, &iov, 1)) == CS_ERR_TRY_AGAIN)
			usleep(1000);
		free(b);
		return rc;
	}
	if (!strcmp(cmd, "zerocopy")) {
		void *b;
		cs_error_t rc = cpg_zcb_alloc(handle, 4096, &b);
		if (rc != CS_OK)
			return rc;
		memcpy(b, arg, strlen(arg));
		while ((rc = cpg_zcb_mcast_joined(handle, CPG_TYPE_AGREED, b, strlen(arg))) == CS_ERR_TRY_AGAIN)
			usleep(1000);
		cpg_zcb_free(handle, b);
		return rc;
	}
	if (!strcmp(cmd, "local")) {
		unsigned int id;
		cs_error_t rc = cpg_local_get(handle, &id);
		printf("%u\n", id);
		return rc;
	}
	if (!strcmp(cmd, "members")) {
		struct cpg_name n = name(arg);
		struct cpg_address list[CPG_MEMBERS_MAX];
		int count = 0;
		cs_error_t rc = cpg_membership_get(handle, &n, list, &count);
		for (int i = 0; i < count; i++)
			list[i].reason = 0;
		addresses("members", list, count);
		printf("\n");
		return rc;
	}
	if (!strcmp(cmd, "names"))
		return iterate(CPG_ITERATION_NAME_ONLY, "");
	if (!strcmp(cmd, "group"))
		return iterate(CPG_ITERATION_ONE_GROUP, arg);
	if (!strcmp(cmd, "all"))
		return iterate(CPG_ITERATION_ALL, "");
	if (!strcmp(cmd, "next")) {
		cs_error_t rc = CS_OK;
		for (events = 0; events == 0 && rc == CS_OK;)
			rc = cpg_dispatch(handle, CS_DISPATCH_ONE);
		return rc;
	}
	return CS_ERR_NOT_SUPPORTED;
}

int main(void)
{
	cpg_model_v1_data_t model = {CPG_MODEL_V1, deliver, confchg, ring, CPG_MODEL_V1_DELIVER_INITIAL_TOTEM_CONF};
	char line[4096];
	setlinebuf(stdout);
	cs_error_t rc = cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&model, NULL);
	printf("pid %d\n= %d\n", getpid(), rc);
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		char *arg = strchr(line, ' ');
		if (arg)
			*arg++ = 0;
		printf("= %d\n", command(line, arg ? arg : ""));
	}
	cpg_finalize(handle);
	return 0;
}
