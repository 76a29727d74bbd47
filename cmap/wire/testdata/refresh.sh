#!/bin/sh
# Captures the golden messages from the reference: from its client and its
# daemon with strace, over socket IPC, and from the ring with tcpdump. Needs
# root, corosync, strace, tcpdump. Run: unshare -mnpu --mount-proc --fork ./refresh.sh
set -e
here=$(cd "$(dirname "$0")" && pwd)
for d in /run /var/lib/corosync /dev/shm /var/log /etc/corosync; do mount -t tmpfs none $d; done
mkdir -p /run/corosync /run/t
hostname n1
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ip addr add 10.0.0.1/24 dev v0
cat >/etc/corosync/corosync.conf <<X
totem {
	version: 2
	transport: udp
	cluster_name: golden
	config_version: 258
}
nodelist {
	node {
		ring0_addr: 10.0.0.1
		nodeid: 1
	}
}
system {
	qb_ipc_type: socket
}
X
tcpdump --immediate-mode -Z root -i any -U -w /run/t/ring.pcap udp 2>/run/t/dump & dump=$!
until grep -q listening /run/t/dump; do sleep 0.1; done
corosync -f >/run/t/log 2>&1 & daemon=$!
n=0
until corosync-cmapctl -g runtime.members.1.config_version >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 100 ]; sleep 0.1; done
corosync-cmapctl -s test.text str hello
corosync-cmapctl -s test.n u16 65535
# capture OPERATION COMMAND...: every message of the client and to it, in order.
capture() {
	op=$1; shift
	strace -qq -xx -s 100000 -e trace=writev,recvfrom -o "/run/t/$op" "$@" </run/t/stdin >/dev/null 2>&1 || true
}
echo q >/run/t/stdin
capture set corosync-cmapctl -s test.text str "a longer text"
capture get corosync-cmapctl -g test.text
capture missing corosync-cmapctl -g test.none
capture iterate corosync-cmapctl test.n
capture delete corosync-cmapctl -d test.n
capture stats corosync-cmapctl -m stats stats.srp.firewall
# The tracker sees a key come, change and go before it is told to stop.
mkfifo /run/t/fifo
( sleep 1; corosync-cmapctl -s test.k.a u32 1; corosync-cmapctl -s test.k.a str x; corosync-cmapctl -d test.k.a; sleep 1; echo q ) >/run/t/fifo &
ln -sf /run/t/fifo /run/t/stdin
capture track corosync-cmapctl -T test.k
kill $daemon; kill -INT $dump; wait $daemon $dump || true
python3 - "$here" <<'P'
import re, sys
here = sys.argv[1]
def hexfile(name, b):
    open(f'{here}/{name}.hex', 'w').write('\n'.join(b[i:i+16].hex(' ', 8) for i in range(0, len(b), 16)) + '\n')
def messages(op):
    for line in open(f'/run/t/{op}'):
        if 'MSG_PEEK' in line: continue
        b = bytes.fromhex(''.join(re.findall(r'"((?:\\x[0-9a-f]{2})*)"', line)).replace('\\x', ''))
        if len(b) >= 16: yield ('req' if line.startswith('writev') else 'res'), int.from_bytes(b[:4], 'little'), b
names = ['set', 'delete', 'get', 'adjust_int', 'iter_init', 'iter_next', 'iter_finalize', 'track_add', 'track_delete', 'set_map', 'set_map']
for op in ('set', 'get', 'missing', 'iterate', 'delete', 'stats', 'track'):
    count = {}
    for way, id, b in messages(op):
        name = names[id] if (way, id) != ('res', 9) else 'notify'
        name = f'{way}_{name}'
        if name.endswith('set_map') and op != 'stats': continue
        n = count[name] = count.get(name, 0) + 1
        hexfile(f'{op}_{n}_{name}', b)
pcap = open('/run/t/ring.pcap', 'rb').read()
p = pcap.index(b'totem.config_version') - 56
hexfile('exec_sync', pcap[p:p+336])
P
