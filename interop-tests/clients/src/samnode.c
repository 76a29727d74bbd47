/*
 * samnode: a process under libsam's watch, which says what happens to it.
 *
 * usage: samnode errors|restart|quorum|cmap
 *
 * errors: what each call returns out of turn.
 * restart: three instances: the first stops its health checks, the second says
 *   itself that it has failed, the third ends. Data go from one to the next.
 * quorum: an instance for each time that the node is quorate, until SIGUSR1.
 * cmap: registers in the cluster map and stays healthy until SIGUSR1.
 */
#include <corosync/corotypes.h>
#include <corosync/sam.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t end;

static void on_usr1(int sig)
{
	(void)sig;
	end = 1;
}

static void on_warning(int sig)
{
	static const char text[] = "warned\n";

	(void)sig;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(4);
}

static int said(const char *what, cs_error_t err)
{
	printf("%s: %s\n", what, cs_strerror(err));
	return err == CS_OK;
}

static void restore(void)
{
	char data[64] = "";
	size_t size = 0;

	said("sam_data_getsize", sam_data_getsize(&size));
	printf("%zu bytes of data\n", size);
	said("sam_data_restore", sam_data_restore(data, sizeof(data)));
	if (size > 0)
		printf("data %.*s\n", (int)size, data);
}

static int errors(void)
{
	unsigned int id;
	size_t size;
	char c = 'x';

	said("register first", sam_register(&id));
	said("start first", sam_start());
	said("stop first", sam_stop());
	said("hc first", sam_hc_send());
	said("getsize first", sam_data_getsize(&size));
	said("store first", sam_data_store(&c, 1));
	said("restore first", sam_data_restore(&c, 1));
	said("mark failed first", sam_mark_failed());
	said("finalize first", sam_finalize());
	said("bad policy", sam_initialize(1000, 0x40));
	said("initialize", sam_initialize(1000, SAM_RECOVERY_POLICY_QUIT));
	said("initialize again", sam_initialize(1000, SAM_RECOVERY_POLICY_QUIT));
	said("start unregistered", sam_start());
	said("store", sam_data_store(&c, 1));
	said("restore into nothing", sam_data_restore(&c, 0));
	said("finalize", sam_finalize());
	said("finalize again", sam_finalize());
	return 0;
}

static int restart(void)
{
	unsigned int id;
	char next[32];

	if (!said("sam_initialize", sam_initialize(600, SAM_RECOVERY_POLICY_RESTART)) ||
	    !said("sam_warn_signal_set", sam_warn_signal_set(SIGTERM)))
		return 1;
	fflush(stdout);
	if (!said("sam_register", sam_register(&id)))
		return 1;
	printf("instance %u\n", id);
	signal(SIGTERM, on_warning);
	restore();
	snprintf(next, sizeof(next), "left by %u", id);
	said("sam_data_store", sam_data_store(next, strlen(next)));
	said("sam_start", sam_start());
	fflush(stdout);
	for (int i = 0; i < 6; i++) {
		usleep(200000);
		if (sam_hc_send() != CS_OK)
			puts("a health check failed");
	}
	puts("healthy for two of its times");
	fflush(stdout);
	switch (id) {
	case 1:
		pause();
		return 5;
	case 2:
		said("sam_mark_failed", sam_mark_failed());
		fflush(stdout);
		pause();
		return 6;
	}
	said("sam_stop", sam_stop());
	usleep(900000);
	puts("unwatched for longer than its time");
	said("sam_finalize", sam_finalize());
	return 0;
}

static int stay(int policy)
{
	unsigned int id;

	if (!said("sam_initialize", sam_initialize(0, policy)) || !said("sam_warn_signal_set", sam_warn_signal_set(SIGTERM)))
		return 1;
	fflush(stdout);
	signal(SIGUSR1, SIG_IGN); /* of the one that watches */
	if (!said("sam_register", sam_register(&id)))
		return 1;
	printf("instance %u\n", id);
	signal(SIGTERM, on_warning);
	signal(SIGUSR1, on_usr1);
	said("sam_start", sam_start());
	fflush(stdout);
	while (!end)
		poll(NULL, 0, 50);
	said("sam_stop", sam_stop());
	said("sam_finalize", sam_finalize());
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "errors"))
		return errors();
	if (!strcmp(what, "restart"))
		return restart();
	if (!strcmp(what, "quorum"))
		return stay(SAM_RECOVERY_POLICY_QUORUM_RESTART);
	if (!strcmp(what, "cmap"))
		return stay(SAM_RECOVERY_POLICY_QUIT | SAM_RECOVERY_POLICY_CMAP);
	fprintf(stderr, "usage: samnode errors|restart|quorum|cmap\n");
	return 2;
}
