#!/bin/sh
# beatbox, which is Python 2, on Jython through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
needs jython
python_library
JYTHONPATH="$PYTHONPATH" exec jython driver.py "${1%/}"
