#!/bin/sh
# Writes down in which order Debian 12's crm_simulate (pacemaker-cli-utils) carries out the
# graphs of pengine/graph/testdata. Run it in this folder, then read the difference.
set -e
export LC_ALL=C TZ=UTC
for cib in ../../../pengine/graph/testdata/*.xml; do
	crm_simulate -x "$cib" -S 2>/dev/null |
		sed -n '/^Executing/,/^Revised/s/^  \* //p' |
		sed 's/Resource action: *\([^ ]*\) */Resource action: \1 /; s/action:  */action: /' >"$(basename "$cib" .xml).order"
done
