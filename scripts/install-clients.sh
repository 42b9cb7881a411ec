#!/usr/bin/env bash
# What the clients in clients/ need of Debian's or Ubuntu's packages, as clients/clients.toml lists them.
# Without the right to install, or without apt, their tests name them as not run.
set -euo pipefail
cd "$(dirname "$0")/.."
packages="$("${PYTHON:-python3}" -c '
import tomllib
with open("clients/clients.toml", "rb") as file:
    print(*(package for client in tomllib.load(file).values() for package in client.get("debian", [])))
')"
missing=""
for package in $packages; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=" $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
    exit 0
  fi
fi
echo "not installed:$missing; the clients that need them will not be run" >&2
