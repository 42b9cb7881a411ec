#!/usr/bin/env bash
# Chromium and its driver for tests/web/test_browser.py, from Debian's or Ubuntu's packages.
# Without the right to install, or without apt, the tests name themselves as not run.
set -euo pipefail
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
  exit 0
fi
. "$(dirname "$0")/apt.sh"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  if apt update && apt install -y --no-install-recommends chromium chromium-driver; then
    exit 0
  fi
fi
echo "not installed: chromium and chromedriver; tests/web/test_browser.py will not be run" >&2
