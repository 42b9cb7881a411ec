#!/usr/bin/env bash
# What the clients in clients/ need of Debian's or Ubuntu's packages, as clients/clients.toml lists them.
# Without the right to install, or without apt, the tests name those clients as not run.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/apt.sh
packages="$("${PYTHON:-python3}" -c '
import tomllib
with open("clients/clients.toml", "rb") as file:
    print(*(package for client in tomllib.load(file).values() for package in client.get("debian", [])))
')"
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
missing=""
for package in $packages; do
  installed "$package" || missing+=" $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt update || true
  known=""
  for package in $missing; do
    if apt-cache show "$package" >/dev/null 2>&1; then known+=" $package"; fi
  done
  install() { apt install -y --no-install-recommends "$@"; }
  # one by one where not all can be had, so that one release's gap is not every client's
  # shellcheck disable=SC2086
  [ -z "$known" ] || install $known || for package in $known; do install "$package" || true; done
fi
for package in $missing; do
  installed "$package" || echo "not installed: $package; the client that needs it will not be run" >&2
done
