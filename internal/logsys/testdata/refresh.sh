#!/bin/sh
# Records how the C corosync lays out a line: corosync -t logs one ("exiting
# normally") with every combination of timestamp, fileline and function_name.
# Run from this directory: sh refresh.sh >lines.txt
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
for ts in off on hires; do for fl in off on; do for fn in off on; do
	cat >"$d/c.conf" <<CONF
totem {
	version: 2
	transport: udpu
	cluster_name: t
}
logging {
	to_stderr: yes
	to_syslog: no
	to_logfile: yes
	logfile: $d/log
	timestamp: $ts
	fileline: $fl
	function_name: $fn
}
nodelist {
	node {
		ring0_addr: 127.0.0.1
		nodeid: 1
	}
}
CONF
	rm -f "$d/log"
	unshare -u sh -c "hostname host1; exec corosync -t -c $d/c.conf" 2>"$d/err" || exit 1
	echo "timestamp=$ts fileline=$fl function_name=$fn"
	sed -n '$s/^/stderr:/p' "$d/err"
	sed -n '$s/^/file:/p' "$d/log"
done; done; done
