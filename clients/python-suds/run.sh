#!/bin/sh
# suds-community through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
python_library
both_dialects "$PYTHON" driver.py "${1%/}"
