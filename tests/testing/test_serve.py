"""A service inside a test process: whose key opens it, and what it leaves when it cannot be."""

import os
import socket
from pathlib import Path

import pytest

from orgbox.testing import serve


def test_a_key_that_is_given_opens_the_control_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORGBOX_CONTROL_KEY", "from the environment")

    with serve(control_key="given") as server:
        assert server.key == "given"
        assert server.control.get("orgs")


def test_a_service_that_cannot_listen_holds_its_database_no_longer(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with pytest.raises(OSError) as refused:
            with serve(port=taken.getsockname()[1], database=f"sqlite:///{tmp_path}/a.db"):
                raise AssertionError

    held = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert "cannot listen" in str(refused.value)
    assert not [file for file in held if file.startswith(str(tmp_path))]
