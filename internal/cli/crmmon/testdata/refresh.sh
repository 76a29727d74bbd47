#!/bin/sh
# Makes the *.out here anew: what the reference's crm_mon (Pacemaker 2.1.5) says for the
# command lines of cases.txt and options.txt, with its exit status, and without the time of
# the day. Needs no root.
cd "$(dirname "$0")" || exit 1
export LC_ALL=C TZ=UTC
errors=$(mktemp)
ask() { # commands, CIB
	grep -v '^#' "$1" | while read -r args; do
		echo "# $args"
		# shellcheck disable=SC2086
		CIB_file="$2" crm_mon $args 2>"$errors" </dev/null
		code=$?
		cat "$errors"
		echo "exit status $code"
	done | sed -E 's/((^|>|last_update time=")|Last updated: (<\/span><span>)?)[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} '"$(date +%Y)"'($|"|<)/\1NOW\4/'
}
while read -r file; do
	ask cases.txt "../../../../pengine/$file" >"$(basename "$file" .xml).out"
done <files.txt
ask options.txt ../../../../pengine/status/testdata/variants.xml >options.out
rm "$errors"
