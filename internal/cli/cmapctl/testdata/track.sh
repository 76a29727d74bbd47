#!/bin/sh
# Prints what the tool CMAPCTL sees of changes on the daemon COROSYNC. Run in
# namespaces, as refresh.sh.
set -e
for d in /run /var/lib/corosync /dev/shm /var/log; do mount -t tmpfs none $d; done
mkdir -p /run/corosync /run/t
hostname n1
ip link set lo up
$COROSYNC -f -c "$CONF" >/run/log 2>&1 & daemon=$!
n=0
until corosync-cmapctl -g runtime.members.1.config_version >/dev/null 2>&1; do
	n=$((n+1)); [ $n -lt 100 ] || { cat /run/log >&2; exit 1; }; sleep 0.1
done
mkfifo /run/t/in
# C programs keep their output back when it goes to a file.
stdbuf -oL $CMAPCTL -b -T test. </run/t/in >/run/t/out 2>&1 & tool=$!
exec 3>/run/t/in
seen() { n=0; until grep -q "$1" /run/t/out; do n=$((n+1)); [ $n -lt 100 ] || { cat /run/t/out; exit 1; }; sleep 0.1; done; }
seen finish
corosync-cmapctl -s test.a str x
corosync-cmapctl -s test.a flt 1.5
corosync-cmapctl -s test.b bin data.bin
corosync-cmapctl -s other u8 1
corosync-cmapctl -d test.a
corosync-cmapctl -D test.
seen 'delete> test.b'
echo q >&3
wait $tool && echo "status 0"
cat /run/t/out
# The daemon's end is told. What the first tool has printed is gone, or it would be taken for this one's.
: >/run/t/out
stdbuf -oL $CMAPCTL -t test.a </run/t/in >/run/t/out 2>&1 & tool=$!
exec 3>/run/t/in
seen finish
kill $daemon
wait $tool && echo "status 0"
cat /run/t/out
