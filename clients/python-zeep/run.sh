#!/bin/sh
# zeep through the steps of the matrix.   usage: run.sh URL enterprise|partner
set -eu
cd "$(dirname "$0")"
. ../needs.sh
python_library
exec "$PYTHON" driver.py "${1%/}" "${2:-enterprise}"
