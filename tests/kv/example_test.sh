#!/bin/sh
# Runs the key-value example and compares what it prints. example_test.sh PROGRAM
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
"$1" "$directory/db" > "$directory/printed"
diff - "$directory/printed" <<'EXPECTED'
user:17 is Ada
user:17 was Ada
visits: 3
user:29 is somebody
user:28 is somebody
user:27 is somebody
3 users shown
the first from user:18 on: user:19
EXPECTED
