#!/bin/sh
# Prints all keys of both maps of the daemon COROSYNC with configuration CONF,
# as the reference's tool shows them. Run in namespaces, as refresh.sh.
set -e
for d in /run /var/lib/corosync /dev/shm /var/log; do mount -t tmpfs none $d; done
mkdir -p /run/corosync
hostname n1
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ip addr add 10.0.0.1/24 dev v0
$COROSYNC -f -c "$CONF" >/run/log 2>&1 & daemon=$!
n=0
until corosync-cmapctl -g runtime.members.1.config_version >/dev/null 2>&1; do
	n=$((n+1)); [ $n -lt 100 ] || { cat /run/log >&2; exit 1; }; sleep 0.1
done
corosync-cmapctl -b
corosync-cmapctl -m stats
kill $daemon
wait $daemon || true
