#!/bin/sh
# Makes the .xml beside each script anew with the reference's crm_resource. As root:
#   unshare -m lrmd/agent/testdata/lsb/refresh.sh
set -e
cd "$(dirname "$0")"
mount --make-rprivate /
scripts=$(ls *.sh | grep -v refresh.sh)
kept=$(mktemp -d)
cp $scripts "$kept"
mount --bind "$kept" /etc/init.d
chmod +x /etc/init.d/*
for f in $scripts; do
	crm_resource --show-metadata "lsb:$f" >"${f%.sh}.xml" 2>/dev/null
done
umount /etc/init.d
rm -r "$kept"
