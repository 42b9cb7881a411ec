# Sourced by every run.sh: what a client needs of the machine, and its library put into its own folder.
# A client that cannot be had on this machine ends with 69 after one line, "not run: why".

not_run() {
  echo "not run: $*"
  exit 69
}

# again COMMAND...: runs it, and once more if it fails: a registry may
again() {
  "$@" || { sleep 5 && "$@"; }
}

# needs COMMAND...
needs() {
  for command in "$@"; do
    command -v "$command" >/dev/null || not_run "there is no $command on this machine"
  done
}

# needs_package FILE PACKAGE: a part of a Debian package that is no command
needs_package() {
  [ -e "$1" ] || not_run "the Debian package $2 is not installed"
}

# pinned: the versions of the lock file
pinned() {
  sed -n 's/^\([A-Za-z0-9._-]*==[^ ;]*\).*/\1/p' ../../requirements/test.txt
}

# python_library: what requirements.txt names, from PyPI; sets PYTHONPATH
python_library() {
  PYTHON="${PYTHON:-python3}"
  needs "$PYTHON"
  library=".library/$("$PYTHON" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
  if ! cmp -s requirements.txt "$library/requirements.txt"; then
    rm -rf "$library"
    mkdir -p .library
    pinned >"$library.pinned"
    again "$PYTHON" -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-compile \
      --target "$library" --requirement requirements.txt --constraint "$library.pinned" >&2 ||
      not_run "pip cannot install $(tr '\n' ' ' <requirements.txt)"
    cp requirements.txt "$library/"
  fi
  export PYTHONPATH="$library:.."
}

# node_library: what package.json names, from npm
node_library() {
  needs node npm
  exec 9>"${TMPDIR:-/tmp}/orgbox-$(id -u)-$(basename "$PWD").lock"
  if command -v flock >/dev/null; then flock 9; fi # two tests may want the same library
  if ! cmp -s package.json node_modules/package.json; then
    again npm install --silent --no-audit --no-fund --no-package-lock >&2 ||
      not_run "npm cannot install package.json"
    cp package.json node_modules/
  fi
  exec 9>&-
}

# both_dialects COMMAND...: runs it for either dialect, its last argument; fails if one of them fails
both_dialects() {
  failed=0
  for dialect in enterprise partner; do
    "$@" "$dialect" || failed=$?
  done
  exit "$failed"
}
