"""The WSDL files in the repository are those of the default org, and the command prints them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from orgbox.cli import main

WSDL = Path(__file__).parents[2] / "wsdl"


@pytest.mark.parametrize("dialect", ["enterprise", "partner"])
def test_the_wsdl_file_is_what_the_command_prints(dialect: str) -> None:
    printed = CliRunner().invoke(main, ["wsdl", dialect])

    assert printed.exit_code == 0
    assert (WSDL / f"{dialect}.wsdl").read_bytes() == printed.stdout_bytes, "run `make wsdl`"


def test_a_version_that_is_not_served_is_named(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["wsdl", "partner", "--version", "20.0"])

    assert refused.exit_code == 1
    assert "API version 20.0 is not served" in refused.output
