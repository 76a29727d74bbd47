#!/bin/sh
# Records what the C corosync-keygen says. Run as root, from a directory that
# can be written to: sh refresh.sh >golden.txt
d=$(mktemp -d)
trap 'rm -rf "$d"' EXIT
cd "$d" || exit 1
while read -r args; do
	echo "== $args"
	corosync-keygen $args >o 2>e
	echo "status $?"
	sed 's/^/out:/' o
	sed 's/^/err:/' e
	[ -e key ] && stat -c 'key %a %s' key && rm -f key
done <<'CASES'
-k key
-l -k key -s 128
--key-file=key --size 4096 -r /dev/zero
-s 127
-s 4097
-s 12x
-h
-x
-s
-k no/where
-r no/where -k key
CASES
exit 0
