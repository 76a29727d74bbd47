#!/bin/sh
# Makes the *.out here anew: what the reference's crm_simulate (Pacemaker 2.1.5) says
# for the command lines of cases.txt, with its exit status, and without times of the
# day. Needs no root.
cd "$(dirname "$0")" || exit 1
export LC_ALL=C TZ=UTC
# Its copy of the CIB: the default place is not for everyone.
export CIB_shadow_dir=${TMPDIR:-/tmp}
while IFS='	' read -r name file args; do
	case $name in '' | '#'*) continue ;; esac
	{
		# shellcheck disable=SC2086
		crm_simulate -x "../../../../pengine/$file" $args 2>&1
		echo "exit status $?"
	} | sed -E -e 's/(last-failure-[^=]*=)[0-9]+/\1TIME/' -e "s/(last-failure|last-rc-change)='[^']* $(date +%Y)'/\1=TIME/" >"$name.out"
done <cases.txt
