#!/bin/sh
# Makes the *.out here anew: what the reference's crm_simulate (Pacemaker 2.1.5) says
# for the command lines of cases.txt, with its exit status, and without times of the
# day. Needs no root.
cd "$(dirname "$0")" || exit 1
export LC_ALL=C TZ=UTC
# Its copy of the CIB: the default place is not for everyone.
export CIB_shadow_dir=${TMPDIR:-/tmp}
timeless() {
	sed -E -e 's/(last-failure-[^=]*=)[0-9]+/\1TIME/' -e "s/(last-failure|last-rc-change)='[^']* $(date +%Y)'/\1=TIME/"
}
while IFS='	' read -r name file args; do
	case $name in '' | '#'*) continue ;; esac
	{
		# shellcheck disable=SC2086
		crm_simulate -x "../../../../pengine/$file" $args 2>&1
		echo "exit status $?"
	} | timeless >"$name.out"
done <cases.txt
# The command lines of found/*.xml are in them; the reference fails at such instructions.
work=$(mktemp -d)
for cib in found/*.xml; do
	sed -n 's/^<?crm_simulate \(.*\)?>$/\1/p' "$cib" | while read -r args; do
		echo "# $args"
		sed '/^<?crm_simulate/d' "$cib" | (
			cd "$work" || exit 1
			rm -f graph dot
			# shellcheck disable=SC2086
			crm_simulate -p -G graph -D dot $args 2>errors
			code=$?
			cat errors
			echo "exit status $code"
			[ ! -f graph ] || cat graph
			[ ! -f dot ] || sed -E 's/^[ \t]+|[ \t]+$//g' dot | sort -u
		)
	done | timeless >"${cib%.xml}.out"
done
rm -r "$work"
