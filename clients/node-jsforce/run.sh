#!/bin/sh
# jsforce through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
node_library
exec node driver.js "${1%/}"
