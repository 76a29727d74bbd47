//go:build interop

package fenced

// locked is a resource agent whose instance holds a lock of the machine that all hosts are on, for
// as long as it is active. The kernel frees it when the host's processes are ended.
const locked = `#!/bin/sh
d=$OCF_RESKEY_outside
pid=/run/locked.pid
alive() { [ -s $pid ] && kill -0 "$(cat $pid)" 2>/dev/null; }
case $1 in
meta-data) cat <<'END'
<?xml version="1.0"?>
<resource-agent name="Locked" version="1.0"><version>1.1</version><longdesc lang="en">Locked</longdesc><shortdesc lang="en">Locked</shortdesc>
<parameters><parameter name="outside" required="1"><longdesc lang="en">Where the lock is</longdesc><shortdesc lang="en">Where the lock is</shortdesc><content type="string"/></parameter></parameters>
<actions><action name="start" timeout="20s"/><action name="stop" timeout="20s"/><action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="5s"/></actions>
</resource-agent>
END
;;
start)
	alive && exit 0
	exec 9>>"$d/lock"
	flock -n 9 || { echo "$(hostname)" >>"$d/twice"; exit 1; }
	setsid sleep 1000000 </dev/null >/dev/null 2>&1 &
	echo $! >$pid
	echo "$(hostname)" >>"$d/active"
	;;
stop) ! alive || kill -9 "$(cat $pid)"; while alive; do sleep 0.1; done; rm -f $pid ;;
monitor) alive || exit 7 ;;
esac
exit 0
`
