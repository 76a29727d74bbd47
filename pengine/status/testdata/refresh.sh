#!/bin/sh
# Makes *.status of the CIBs here anew: what the reference's crm_mon (Pacemaker
# 2.1.5) shows of each, without what depends on the day. Needs no root.
cd "$(dirname "$0")" || exit 1
export LC_ALL=C TZ=UTC
for cib in *.xml; do
	copy=$(mktemp)
	cp "$cib" "$copy"
	CIB_file=$copy crm_mon -1 --output-as=xml --include=all --inactive |
		grep -v -e '<last_update' -e '<current_dc' -e '<stack' >"${cib%.xml}.status"
	rm -f "$copy"
done
