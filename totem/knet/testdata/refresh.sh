#!/bin/sh
# Captures the golden packets of wire, crypto and compress from libknet: two of
# its hosts talk through a relay that writes down what passes. Needs root, gcc,
# python3 and libknet-dev. Takes ten minutes. Run: unshare -n ./refresh.sh
set -e
here=$(cd "$(dirname "$0")" && pwd)
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
gcc -std=gnu11 -O2 -Wall -o "$run/knetpeer" "$here/../../../interop-tests/knet/peer/src/knetpeer.c" -lknet
ip link set lo up
python3 "$here/capture.py" "$run/knetpeer" "$here/.." "$@"
