#!/usr/bin/env bash
# What the tests need of npm: the packages of each package.json under tests/, in their exact versions.
# There are no lock files, because they would name a registry. Without node and npm the tests that need
# them name themselves as not run; with CI set they fail.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "not found: node and npm; tests/soql/test_oracle.py will not be run" >&2
	exit 0
fi
for package in $(git ls-files 'tests/*package.json' 2>/dev/null || find tests -name package.json -not -path '*/node_modules/*'); do
	folder=$(dirname "$package")
	if [ "$folder/node_modules/.ready" -nt "$package" ]; then continue; fi
	install() { (cd "$folder" && npm install --no-package-lock --no-audit --no-fund --silent); }
	if install || { sleep 5 && install; }; then
		touch "$folder/node_modules/.ready"
	else
		echo "npm could not install what $package names" >&2
	fi
done
