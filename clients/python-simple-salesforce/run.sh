#!/bin/sh
# simple-salesforce through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
python_library
exec "$PYTHON" driver.py "${1%/}"
