"""The pytest plugin as users run it: fixtures, workers side by side, a service that runs already."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from orgbox.testing import serve
from served import quiet_port

ROOT = Path(__file__).parents[2]
HEAVY = ("spyne", "sqlalchemy", "flask", "waitress", "lxml", "zeep", "orgbox.app")
MANY = """
import pytest
from orgbox_client import Connection

@pytest.mark.parametrize("n", range(40))
def test_alone(org, n):
    sf = org.connect("alice@acme.com", dialect="partner")
    email = f"same@acme.com"
    for again in range(2):
        sf.insert(sf.new("CollaborationInvitation", SharedEntityId=sf.user_id, InvitedUserEmail=email))
    assert len(sf.query("SELECT Id FROM CollaborationInvitation")) == 2
    org.settings.allowed_domains = [f"n{n}.example"]
    org.clock.advance(days=n)
    if n % 4 == 0:
        org.faults.add("SERVER_UNAVAILABLE", call="getUserInfo")
    assert len(org.faults.list()) == (n % 4 == 0)
    assert org.settings.allowed_domains == [f"n{n}.example"]
    assert len(org.mailbox) == 2
"""


def run_pytest(folder: Path, text: str, *flags: str) -> str:
    """The output of a run of pytest on one file."""
    (folder / "test_users.py").write_text(text, "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "orgbox.testing.plugin", "-p", "no:cacheprovider"]
    command.append("--color=no")
    paths = os.pathsep.join([str(ROOT / "service"), str(ROOT / "clients")])
    known = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": paths, "PYTEST_ADDOPTS": ""}
    run = subprocess.run(
        [*command, *flags, "-q", "-W", "error", str(folder)], env=known, cwd=folder, capture_output=True,
        text=True, timeout=180, check=False,
    )  # fmt: skip
    return run.stdout + run.stderr


def test_four_workers_do_not_meet(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, MANY, "-p", "xdist.plugin", "-n", "4")

    assert re.search(r"\b40 passed\b", output), output


def test_four_workers_share_a_service_that_runs_already(tmp_path: Path) -> None:
    with serve(database=f"sqlite:///{tmp_path}/shared.db") as server:
        flags = ("--orgbox-url", server.url, "--orgbox-key", server.key)
        output = run_pytest(tmp_path, MANY, "-p", "xdist.plugin", "-n", "4", *flags)
        left = server.control.get("orgs")["orgs"]

    assert re.search(r"\b40 passed\b", output), output
    assert [org["name"] for org in left] == ["Acme"]


def test_a_seed_of_one_s_own_is_a_fixture(tmp_path: Path) -> None:
    seed = (ROOT / "service/orgbox/org/seed.toml").read_text("utf-8").replace('"Acme"', '"Widgets"')
    (tmp_path / "seed.toml").write_text(seed, "utf-8")
    text = """
from pathlib import Path
import pytest

@pytest.fixture
def orgbox_seed():
    return Path(__file__).with_name("seed.toml").read_text()

def test_name(org):
    assert org.name == "Widgets"
"""
    assert "1 passed" in run_pytest(tmp_path, text)


INVITE_PARTNER = """
from orgbox_client import connect

def invite_partner(url, username, password, email):
    with connect(url, username, password) as sf:
        sf.insert(sf.new("CollaborationInvitation", SharedEntityId=sf.user_id, InvitedUserEmail=email))
"""
"""What an example calls the code under test."""


def test_the_examples_of_the_guide_run(tmp_path: Path) -> None:
    pages = [(ROOT / "docs" / name).read_text("utf-8") for name in ("testing.md", "coming-from.md")]
    examples = [re.findall(r"```python\n(.*?)```", page, re.DOTALL) for page in pages]
    assert [len(found) for found in examples] == [3, 1]

    output = run_pytest(tmp_path, "\n".join([INVITE_PARTNER, *examples[0], *examples[1]]))

    assert re.search(r"\b\d+ passed\b", output) and "failed" not in output, output


SHIMS = {
    "orgbox": 'exec {python} -m orgbox "$@"',
    "curl": """exec {python} -c 'import sys, urllib.request as r; r.urlopen(sys.argv[-1])' "$@" 2>&1""",
    "mvn": 'exec {python} -m orgbox org --url http://127.0.0.1:{port} create',
}
"""Commands of the recipe: the first as it would be installed, the others standing in for tools."""


def test_the_recipe_for_other_runners_starts_the_service_and_stops_it(tmp_path: Path) -> None:
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    (recipe,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    port = str(quiet_port())
    for name, text in SHIMS.items():
        shim = tmp_path / name
        shim.write_text(f"#!/bin/sh\n{text.format(python=sys.executable, port=port)}\n", "utf-8")
        shim.chmod(0o755)
    paths = os.pathsep.join([str(ROOT / "service"), str(ROOT / "clients")])
    known = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths}

    run = subprocess.run(
        ["sh", "-c", recipe.replace("8080", port)], env=known, cwd=tmp_path, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip

    assert f"http://127.0.0.1:{port}/org/00D" in run.stdout, run.stdout + run.stderr
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=5).close()


def test_a_run_that_uses_no_org_loads_nothing_of_the_service() -> None:
    code = f"import sys, orgbox.testing.plugin; print([m for m in {HEAVY!r} if m in sys.modules])"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["nothing", "_hidden"])
def test_the_kit_has_no_other_names(name: str) -> None:
    import orgbox.testing

    with pytest.raises(AttributeError):
        getattr(orgbox.testing, name)
