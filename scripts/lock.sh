#!/usr/bin/env bash
# Writes requirements/*.txt from pyproject.toml: every package pinned, with the hashes of all its files, for all
# supported versions of Python. What is pinned already stays unless --upgrade is given.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=build/lock
[ -x "$tools/bin/uv" ] || { "${PYTHON:-python3}" -m venv "$tools" && "$tools/bin/pip" install --quiet uv; }

compile() { # FILE ARGUMENT...
  "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
    --no-annotate --no-emit-index-url --output-file "requirements/$1" "${@:2}"
}

compile run.txt "$@" --extra postgresql pyproject.toml
compile test.txt "$@" --constraint requirements/run.txt --extra client --extra postgresql --extra test \
  --extra check pyproject.toml requirements/build.in
compile fuzz.txt "$@" requirements/fuzz.in
