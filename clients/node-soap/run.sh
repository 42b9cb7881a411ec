#!/bin/sh
# soap through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
node_library
both_dialects node driver.js "${1%/}"
