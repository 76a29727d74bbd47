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
# And *.digests, what crm_resource calculates for some of their resources: id,
# node, interval in milliseconds, digest of all parameters, of those not private.
digest() {
	copy=$(mktemp)
	cp "$1.xml" "$copy"
	printf '%s %s %s' "$2" "$3" "$4"
	CIB_file=$copy crm_resource --digests -r "$2" -N "$3" --output-as=xml CRM_meta_interval="$4" |
		sed -n 's/.*hash="\([0-9a-f]*\)".*/ \1/p' | tr -d '\n'
	echo
	rm -f "$copy"
}
{
	for r in fence odd ruled; do
		for n in alpha beta; do
			for i in 0 10000; do
				digest digests $r $n $i
			done
		done
	done
} >digests.digests
{
	for r in web-podman-0 web-podman-2 web-ip-192.168.123.1 web-0 db-docker-1 db-0 plain-rkt-1; do
		digest bundles $r alpha 0
	done
} >bundles.digests
# And *.log, what crm_simulate says while it reads each CIB and shows it, up to
# notices. (Not of digests.xml, whose odd characters it loses in its shadow copy.)
for cib in *.xml; do
	[ "$cib" = digests.xml ] && continue
	crm_simulate -x "$cib" -VVV 2>&1 >/dev/null | grep '^(' >"${cib%.xml}.log"
done
