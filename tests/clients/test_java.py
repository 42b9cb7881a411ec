"""Salesforce's Java clients: stubs made from our WSDL, and the stubs Salesforce publishes.

The driver in clients/java prints a line for each step and ends with 0 only if all of them hold.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from service import Service

JAVA = Path(__file__).parents[2] / "clients" / "java"
HAVE_JAVA = bool(shutil.which("javac") and shutil.which("mvn"))


@pytest.mark.needs_java
@pytest.mark.skipif(
    not HAVE_JAVA and not os.environ.get("CI"),
    reason="not run: force-wsc and force-partner-api need a JDK and Maven",
)
def test_salesforces_java_clients_take_every_step(service: Service) -> None:
    run = subprocess.run(
        [str(JAVA / "run.sh"), service.url], capture_output=True, text=True, timeout=600, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
