#!/bin/sh
# Records what the C corosync-cfgtool says: without a daemon into nodaemon.txt,
# to a daemon in a ring of one, its second node away, into udpu.txt. Run as root
# from this directory; it starts corosync in namespaces of its own.
if [ "$1" != inside ]; then
	exec unshare -mnpu --fork sh "$0" inside "$PWD"
fi
dir=$2
mount -t proc proc /proc
for d in /run /var/lib/corosync /dev/shm /etc/corosync /tmp; do mount -t tmpfs none $d; done
mkdir -p /etc/corosync/uidgid.d
ip link set lo up
cat >/etc/corosync/corosync.conf <<'CONF'
totem {
	version: 2
	cluster_name: t
	transport: udpu
}
logging {
	to_syslog: no
}
quorum {
	provider: corosync_votequorum
}
nodelist {
	node {
		ring0_addr: 127.0.0.1
		nodeid: 1
		name: a
	}
	node {
		ring0_addr: 127.0.0.2
		nodeid: 2
		name: b
	}
}
CONF
record() {
	while read -r args; do
		echo "== $args"
		corosync-cfgtool $args >/tmp/o 2>/tmp/e
		echo "status $?"
		sed 's/^/out:/' /tmp/o
		sed 's/^/err:/' /tmp/e
	done <<'CASES'
-s
-s -b
-n
-L
-R
-a 1
-a 2
-a 9
-a x
-k 9
-k 2
-k 0
-k
-i
--foo
-z
--sta --bri
-i 127.0.0.1 -s

-h
CASES
}
record >"$dir/nodaemon.txt"
corosync -f >/dev/null 2>&1 &
n=0
until corosync-cfgtool -s >/dev/null 2>&1 || [ $n -gt 100 ]; do n=$((n+1)); sleep 0.1; done
sleep 1
record >"$dir/udpu.txt"
kill $!
wait
