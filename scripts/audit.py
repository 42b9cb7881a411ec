"""Asks an advisory service about every package of the lock files: `make check` runs it last.

A known vulnerability is an error. Where the service cannot be asked, nothing is known: that is said
loudly, and is no error, unless AUDIT_REQUIRED is set. pip-audit itself would call it "none found".
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCKS = ("requirements/test.txt", "requirements/fuzz.txt")
SECONDS = 60


def audited(lock: str) -> list[dict[str, Any]]:
    """What is told of each package of a lock file; nothing where the service does not answer."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "10"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        return list(json.loads(run.stdout)["dependencies"])
    except (subprocess.TimeoutExpired, ValueError):
        return []


def main() -> int:
    """The exit status of the check."""
    told: dict[str, dict[str, Any]] = {}
    for lock in LOCKS:
        found = audited(lock)
        told |= {package["name"]: package for package in found}
        if not found:
            break  # nobody there: it would only take as long again
    lines = [line for lock in LOCKS for line in Path(lock).read_text("ascii").splitlines()]
    locked = {line.partition("==")[0] for line in lines if "==" in line and not line.startswith(" ")}
    bad = {name: found["vulns"] for name, found in told.items() if found.get("vulns")}
    unknown = sorted(locked - {name for name, found in told.items() if "vulns" in found})
    for name, vulnerabilities in bad.items():
        for vulnerability in vulnerabilities:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
            print(f"audit: {name} {told[name]['version']}: {vulnerability['id']}, fixed in {fixed}")
    if unknown:
        print(f"audit: !!! NOT CHECKED: the advisory service said nothing of {len(unknown)} of {len(locked)} "
              f"packages ({', '.join(unknown[:5])}, …)", file=sys.stderr)  # fmt: skip
    else:
        print(f"audit: {len(locked)} packages, {len(bad)} with known vulnerabilities")
    return 1 if bad else 2 if unknown and os.environ.get("AUDIT_REQUIRED") else 0


if __name__ == "__main__":
    sys.exit(main())
