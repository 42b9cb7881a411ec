#!/bin/sh
# strong-soap through the steps of the matrix.   usage: run.sh URL enterprise|partner
set -eu
cd "$(dirname "$0")"
. ../needs.sh
node_library
exec node driver.js "${1%/}" "${2:-enterprise}"
