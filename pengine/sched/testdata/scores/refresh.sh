#!/bin/sh
# Makes what is expected anew: what crm_simulate of Pacemaker 2.1.5 (Debian 12)
# prints for each CIB here of scores and utilization, and the errors and warnings.
# It needs neither root nor a cluster.
set -eu
cd "$(dirname "$0")"
export LC_ALL=C TZ=UTC
for cib in *.xml; do
	crm_simulate -x "$cib" -sUQVV >"${cib%.xml}.scores" 2>"${cib%.xml}.messages"
done
