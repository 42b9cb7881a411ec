"""Rules for faults, set in the console."""

from collections.abc import Callable

import pytest

from inviting import invite
from service import Client, Service
from visitor import Visitor

SignedIn = Callable[..., Visitor]
LOCKED = {"code": "UNABLE_TO_LOCK_ROW", "call": "create", "rows": "0", "count": "1", "user": "alice@acme.com"}


def test_a_rule_of_the_form_is_met_by_a_call_and_gone_when_it_is_removed(
    service: Service, visit: SignedIn
) -> None:
    admin, alice = visit("admin"), service.client("alice@acme.com")
    row = {"InvitedUserEmail": "bob@acme.com", "SharedEntityId": alice.user_id}

    added = admin.post("/faults", LOCKED)
    refused = alice.create("CollaborationInvitation", row)
    listed = admin.get("/faults")

    assert (added.status, added.path) == (200, "/faults")
    assert refused.text("statusCode") == "UNABLE_TO_LOCK_ROW"
    shown = "call create; user alice@acme.com; count 1; code UNABLE_TO_LOCK_ROW; rows 0 1 1"
    assert listed.texts("//tbody/tr")[0].startswith(shown)
    invite(alice, "bob@acme.com")

    admin.post("/faults", {"page": "503", "call": "query"})
    assert Client(service.url).call("<query/>").status == 500  # whom no rule is about
    assert alice.query("SELECT Id FROM User").status == 503
    for _ in range(2):
        admin.post(admin.get("/faults").action("Remove"))

    assert alice.query("SELECT Id FROM User").status == 200
    assert "No rule" in admin.get("/faults").main


@pytest.mark.parametrize(
    ("values", "place", "words"),
    [
        ({"code": "UNABLE_TO_LOCK"}, "code", "UNABLE_TO_LOCK_ROW"),
        ({"page": "503", "nth": "first"}, "nth", "is no number"),
        ({"delay": "long"}, "delay", "is no number"),
        ({"delay": "nan"}, "delay", "is not between"),
        ({"code": "DUPLICATE_VALUE", "rows": "0, x"}, "rows", "is no number"),
        ({"page": "503", "probability": "2"}, "probability", "is not between 0 and 1"),
        ({"page": "503", "count": "0"}, "count", "from 1 on"),
        ({"call": "querry", "page": "503"}, "call", "query"),
        ({"call": "query"}, "", "a rule has a delay, or one of code, drop and page"),
        ({"drop": "during", "page": "503"}, "", "a rule has a delay, or one of code, drop and page"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field_and_what_was_entered_stays(
    visit: SignedIn, values: dict[str, str], place: str, words: str
) -> None:
    admin = visit("admin")

    page = admin.post("/faults", values)

    assert page.status == 422
    assert words in (page.beside(place) if place else page.main)
    name, entered = next(iter(values.items()))
    kept = page.tree.xpath(f"//input[@id='{name}']/@value | //select[@id='{name}']/option[@selected]/@value")
    assert name == "call" or kept == [entered]
    assert "No rule" in admin.get("/faults").main
