"""Rules a user brings, with the example of docs/rules.md itself."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orgbox.rules.own import with_own
from service import Service

PAGE = Path(__file__).parents[2] / "docs/rules.md"


@pytest.fixture
def example(tmp_path: Path) -> str:
    """The module that the page shows, as a file."""
    found = re.search(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    file = tmp_path / "my_rules.py"
    file.write_text(found[1], "utf-8")
    return str(file)


def test_a_rule_of_the_users_own_refuses_with_its_words(
    example: str, make_service: Callable[..., Service]
) -> None:
    alice = make_service(rules=example).client("alice@acme.com")
    invited = {"SharedEntityId": alice.user_id, "InvitedUserEmail": "new@acme.com"}

    silent = alice.create("CollaborationInvitation", invited)
    polite = alice.create("CollaborationInvitation", invited | {"OptionalMessage": "Alice here"})

    assert silent.text("statusCode") == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert silent.text("message") == "Tell them who you are."
    assert silent.text("fields") == "OptionalMessage"
    assert polite.text("success") == "true"


def test_a_trigger_of_the_users_own_works_beside_ours_with_facts_of_its_own(
    example: str, make_service: Callable[..., Service]
) -> None:
    alice = make_service(rules=example).client("alice@acme.com")

    made = alice.create("CollaborationGroup", {"Name": "Gardeners", "CollaborationType": "Public"})
    members = alice.query(
        "SELECT Member.Name, CollaborationRole FROM CollaborationGroupMember "
        f"WHERE CollaborationGroupId = '{made.text('id')}' ORDER BY CollaborationRole"
    )

    assert members.texts("CollaborationRole") == ["Admin", "Standard"]
    assert members.texts("Name")[1].startswith("Mia")


def test_a_file_may_define_dataclasses_with_annotations_kept_as_text(tmp_path: Path) -> None:
    file = tmp_path / "json.py"
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from orgbox.org.rulebook import Rules\n"
        "@dataclass\nclass Facts:\n    count: int\n"
        "RULES = {'User': Rules(facts=lambda batch: Facts(1))}\n"
    )

    assert with_own({}, str(file))["User"].facts
    assert sys.modules["json"].__file__ != str(file)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("RULES = 1", "has no RULES"),
        ("", "has no RULES"),
        ("import there_is_no_such_module", "there_is_no_such_module"),
        ("\nRULES = {}['User']", r"wrong.py: KeyError: 'User' \(wrong.py, line 2\)"),
        (None, "there is no file"),
    ],
)
def test_a_module_without_rules_is_refused_at_start(tmp_path: Path, text: str | None, wrong: str) -> None:
    file = tmp_path / "wrong.py"
    if text is not None:
        file.write_text(text, "utf-8")

    with pytest.raises(ValueError, match=wrong):
        with_own({}, str(file))


def test_a_module_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules_by_name.py").write_text(
        "from orgbox.org.rulebook import Rules\nRULES = {'User': Rules()}", "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])

    assert "User" in with_own({}, "rules_by_name")
