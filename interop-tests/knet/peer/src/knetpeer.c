/*
 * knetpeer is one host of the reference's libknet with one link to one other
 * host, driven by lines: it says on standard output what it receives and what
 * becomes of the link, and does what standard input tells it.
 *
 *	knetpeer host=2 peer=1 local=127.0.0.1:7002 remote=127.0.0.1:7001 [NAME=VALUE...]
 *
 *	model= cipher= hash= keylen=	crypto in slot 1, with the key that tests share
 *	clear=1				allow clear traffic
 *	compress= level= threshold=	compression
 *	mtu=				manual MTU of the interface
 *	ack=				answer every that many messages with one, and print none
 *
 * Input: "send HEX" to all hosts, "sendto HEX" to the peer alone, "set SLOT MODEL
 * CIPHER HASH KEYLEN", "use SLOT", "clear 0|1", "stats", "cpu", "flood COUNT SIZE
 * BATCH" to a peer that answers each batch; its end ends the program.
 * Output: "up", "down", "recv HEX", "mtu N", "stats ...",
 * "cpu US" used so far, "flood US" it took, "done LINE" after each line of
 * input, "error WHAT: WHY".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libknet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static knet_handle_t handle;
static knet_node_id_t peer;
static __thread int unicast; /* the message goes to the peer alone; knet_send_sync filters in its caller's thread */

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	size_t n = strlen(name);

	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
			return argv[i] + n + 1;
	}
	return otherwise;
}

static void fail(const char *what)
{
	printf("error %s: %s\n", what, strerror(errno));
	exit(1);
}

static void must(int result, const char *what)
{
	if (result < 0)
		fail(what);
}

/* address reads ADDRESS:PORT, IPv6 in brackets. */
static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage ss;
	char host[256], *colon;

	memset(&ss, 0, sizeof(ss));
	snprintf(host, sizeof(host), "%s", text[0] == '[' ? text + 1 : text);
	colon = strrchr(host, ':');
	*colon = 0;
	if (text[0] == '[')
		colon[-1] = 0;
	if (knet_strtoaddr(host, colon + 1, &ss, sizeof(ss)) < 0)
		fail(text);
	return ss;
}

static void set_crypto(int slot, const char *model, const char *cipher, const char *hash, unsigned len)
{
	struct knet_handle_crypto_cfg c;

	memset(&c, 0, sizeof(c));
	snprintf(c.crypto_model, sizeof(c.crypto_model), "%s", model);
	snprintf(c.crypto_cipher_type, sizeof(c.crypto_cipher_type), "%s", cipher);
	snprintf(c.crypto_hash_type, sizeof(c.crypto_hash_type), "%s", hash);
	for (unsigned i = 0; i < len && i < sizeof(c.private_key); i++)
		c.private_key[i] = i * 7 + 3;
	c.private_key_len = len;
	must(knet_handle_crypto_set_config(handle, &c, slot), "knet_handle_crypto_set_config");
}

static int filter(void *data, const unsigned char *out, ssize_t len, uint8_t tx_rx, knet_node_id_t this_host,
		  knet_node_id_t src, int8_t *channel, knet_node_id_t *dst, size_t *dst_count)
{
	(void)data, (void)out, (void)len, (void)src, (void)channel;
	if (tx_rx == KNET_NOTIFY_TX && unicast) {
		dst[0] = peer;
		*dst_count = 1;
		return 0;
	}
	(void)this_host;
	return 1;
}

static void on_sock(void *data, int fd, int8_t channel, uint8_t tx_rx, int error, int errorno)
{
	(void)data, (void)fd, (void)channel, (void)tx_rx;
	printf("error socket: %d %s\n", error, strerror(errorno));
}

static void on_host(void *data, knet_node_id_t host, uint8_t reachable, uint8_t remote, uint8_t external)
{
	(void)data, (void)host, (void)remote, (void)external;
	printf("%s\n", reachable ? "up" : "down");
}

static void on_mtu(void *data, unsigned mtu)
{
	(void)data;
	printf("mtu %u\n", mtu);
}

static void print_hex(const char *what, const unsigned char *b, ssize_t n)
{
	flockfile(stdout);
	printf("%s ", what);
	for (ssize_t i = 0; i < n; i++)
		printf("%02x", b[i]);
	printf("\n");
	funlockfile(stdout);
}

static void send_hex(const char *hex, int to_peer)
{
	static char b[KNET_MAX_PACKET_SIZE];
	size_t n = 0;
	unsigned v;

	while (n < sizeof(b) && sscanf(hex + 2 * n, "%2x", &v) == 1)
		b[n++] = v;
	unicast = to_peer;
	if (to_peer)
		must(knet_send_sync(handle, b, n, 0), "knet_send_sync");
	else
		must(knet_send(handle, b, n, 0) == (ssize_t)n ? 0 : -1, "knet_send");
}

static long long cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* wait_for waits until the application's end of the channel can be read from or written to. */
static void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	must(poll(&p, 1, -1), "poll");
}

static void flood(int fd, int count, int size, int batch)
{
	static char b[KNET_MAX_PACKET_SIZE];
	struct timespec t0, t1;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 1; i <= count; i++) {
		while (knet_send(handle, b, size, 0) != size) {
			must(errno == EAGAIN ? 0 : -1, "knet_send");
			wait_for(fd, POLLOUT);
		}
		if (i % batch == 0) {
			wait_for(fd, POLLIN);
			must(knet_recv(handle, b, sizeof(b), 0), "knet_recv");
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &t1);
	printf("flood %lld\n", (t1.tv_sec - t0.tv_sec) * 1000000LL + (t1.tv_nsec - t0.tv_nsec) / 1000);
}

static void stats(void)
{
	struct knet_handle_stats s;
	struct knet_link_status l;

	must(knet_handle_get_stats(handle, &s, sizeof(s)), "knet_handle_get_stats");
	must(knet_link_get_status(handle, peer, 0, &l, sizeof(l)), "knet_link_get_status");
	printf("stats overhead=%u link_mtu=%u tx_crypt_byte_overhead=%llu tx_crypt_packets=%llu rx_crypt_packets=%llu "
	       "tx_compressed_packets=%llu rx_compressed_packets=%llu\n",
	       l.proto_overhead, l.mtu, (unsigned long long)s.tx_crypt_byte_overhead,
	       (unsigned long long)s.tx_crypt_packets, (unsigned long long)s.rx_crypt_packets,
	       (unsigned long long)s.tx_compressed_packets, (unsigned long long)s.rx_compressed_packets);
}

int main(int argc, char **argv)
{
	static unsigned char buf[KNET_MAX_PACKET_SIZE];
	static char line[2 * KNET_MAX_PACKET_SIZE + 100];
	const char *model = option(argc, argv, "model", NULL), *compress = option(argc, argv, "compress", NULL);
	struct sockaddr_storage src = address(option(argc, argv, "local", "")), dst = address(option(argc, argv, "remote", ""));
	knet_node_id_t host = atoi(option(argc, argv, "host", "2"));
	int fd = 0, mtu = atoi(option(argc, argv, "mtu", "0")), ack = atoi(option(argc, argv, "ack", "0")), got = 0;
	int8_t channel = 0;
	FILE *in = stdin;

	setvbuf(stdout, NULL, _IOLBF, 0);
	setvbuf(in, NULL, _IONBF, 0);
	peer = atoi(option(argc, argv, "peer", "1"));
	handle = knet_handle_new(host, 0, KNET_LOG_ERR);
	if (!handle)
		fail("knet_handle_new");
	must(knet_handle_enable_sock_notify(handle, NULL, on_sock), "knet_handle_enable_sock_notify");
	must(knet_handle_add_datafd(handle, &fd, &channel), "knet_handle_add_datafd");
	must(knet_handle_enable_filter(handle, NULL, filter), "knet_handle_enable_filter");
	must(knet_host_enable_status_change_notify(handle, NULL, on_host), "knet_host_enable_status_change_notify");
	must(knet_handle_enable_pmtud_notify(handle, NULL, on_mtu), "knet_handle_enable_pmtud_notify");
	must(knet_handle_pmtud_setfreq(handle, 1), "knet_handle_pmtud_setfreq");
	if (model) {
		set_crypto(1, model, option(argc, argv, "cipher", "none"), option(argc, argv, "hash", "none"),
			   atoi(option(argc, argv, "keylen", "256")));
		must(knet_handle_crypto_use_config(handle, 1), "knet_handle_crypto_use_config");
		must(knet_handle_crypto_rx_clear_traffic(handle, !atoi(option(argc, argv, "clear", "0"))), "clear");
	}
	if (compress) {
		struct knet_handle_compress_cfg c;

		memset(&c, 0, sizeof(c));
		snprintf(c.compress_model, sizeof(c.compress_model), "%s", compress);
		c.compress_level = atoi(option(argc, argv, "level", "0"));
		c.compress_threshold = atoi(option(argc, argv, "threshold", "0"));
		must(knet_handle_compress(handle, &c), "knet_handle_compress");
	}
	if (mtu)
		must(knet_handle_pmtud_set(handle, mtu), "knet_handle_pmtud_set");
	must(knet_host_add(handle, peer), "knet_host_add");
	must(knet_link_set_config(handle, peer, 0, KNET_TRANSPORT_UDP, &src, &dst, 0), "knet_link_set_config");
	must(knet_link_set_ping_timers(handle, peer, 0, 200, 2000, 2048), "knet_link_set_ping_timers");
	must(knet_link_set_pong_count(handle, peer, 0, 1), "knet_link_set_pong_count");
	must(knet_handle_setfwd(handle, 1), "knet_handle_setfwd");
	must(knet_link_set_enable(handle, peer, 0, 1), "knet_link_set_enable");
	for (;;) {
		struct pollfd p[2] = { { .fd = 0, .events = POLLIN }, { .fd = fd, .events = POLLIN } };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			fail("poll");
		if (p[1].revents) {
			ssize_t n = knet_recv(handle, (char *)buf, sizeof(buf), 0);

			if (n > 0 && !ack)
				print_hex("recv", buf, n);
			if (n > 0 && ack && ++got % ack == 0)
				must(knet_send(handle, (char *)buf, 1, 0), "knet_send");
		}
		if (p[0].revents) {
			char m[16], c[16], h[16];
			int slot, count, size;
			unsigned len;

			if (!fgets(line, sizeof(line), in))
				break;
			if (!strncmp(line, "send ", 5)) {
				send_hex(line + 5, 0);
			} else if (!strncmp(line, "sendto ", 7)) {
				send_hex(line + 7, 1);
			} else if (sscanf(line, "set %d %15s %15s %15s %u", &slot, m, c, h, &len) == 5) {
				set_crypto(slot, m, c, h, len);
			} else if (sscanf(line, "use %d", &slot) == 1) {
				must(knet_handle_crypto_use_config(handle, slot), "knet_handle_crypto_use_config");
			} else if (sscanf(line, "clear %d", &slot) == 1) {
				must(knet_handle_crypto_rx_clear_traffic(handle, !slot), "clear");
			} else if (sscanf(line, "flood %d %d %d", &count, &size, &slot) == 3) {
				flood(fd, count, size, slot);
			} else if (!strncmp(line, "cpu", 3)) {
				printf("cpu %lld\n", cpu());
			} else if (!strncmp(line, "stats", 5)) {
				stats();
			}
			printf("done %s", strlen(line) < 60 ? line : "\n");
		}
	}
	must(knet_link_set_enable(handle, peer, 0, 0), "knet_link_set_enable");
	must(knet_link_clear_config(handle, peer, 0), "knet_link_clear_config");
	must(knet_host_remove(handle, peer), "knet_host_remove");
	must(knet_handle_setfwd(handle, 0), "knet_handle_setfwd");
	must(knet_handle_remove_datafd(handle, fd), "knet_handle_remove_datafd");
	must(knet_handle_free(handle), "knet_handle_free");
	return 0;
}
