#!/bin/sh
# Makes the graphs and drawings anew with Debian 12's crm_simulate
# (pacemaker-cli-utils). Run it in this folder, then read the difference.
set -e
export LC_ALL=C TZ=UTC
for cib in *.xml; do
	name=${cib%.xml}
	crm_verify -x "$cib" >/dev/null 2>&1 || [ $? = 78 ] # warnings
	crm_simulate -x "$cib" -G "$name.graph" -D "$name.dot" -a -S -Q >/dev/null 2>&1
	sort -u -o "$name.dot" "$name.dot"
done
