#!/bin/sh
# Records what the reference's corosync-cmapctl says to each line of cases.txt,
# one after the other, of a daemon of its own. Needs root and corosync. Run:
# unshare -mnpu --mount-proc --fork ./refresh.sh >golden.txt
# COROSYNC and CMAPCTL may name other programs, to compare what those say.
set -e
COROSYNC=${COROSYNC:-corosync} CMAPCTL=${CMAPCTL:-corosync-cmapctl}
cd "$(dirname "$0")"
for d in /run /var/lib/corosync /dev/shm /var/log /etc/corosync; do mount -t tmpfs none $d; done
mkdir -p /run/corosync /run/t
hostname n1
ip link set lo up
cat >/etc/corosync/corosync.conf <<X
totem {
	version: 2
	transport: udpu
}
nodelist {
	node {
		ring0_addr: 127.0.0.1
		nodeid: 1
		name: n1
	}
}
X
$COROSYNC -f >/run/t/log 2>&1 & daemon=$!
n=0
until $CMAPCTL -g runtime.members.1.config_version >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 100 ] || { cat /run/t/log >&2; exit 1; }; sleep 0.1; done
while read -r args; do
	echo "== $args"
	status=0
	echo q | $CMAPCTL $args >/run/t/o 2>/run/t/e || status=$?
	echo "status $status"
	sed 's/^/out:/' /run/t/o
	sed 's/^/err:/' /run/t/e
done <cases.txt
kill $daemon
wait $daemon || true
