"""The pages of groups: made, joined, asked for, run, changed and deleted, by the rules of the API."""

from collections.abc import Callable

from inviting import customer, group_of, mails
from service import Client, Service
from visitor import Page, Visitor

SignedIn = Callable[..., Visitor]


def test_groups_are_made_joined_left_and_run(visit: SignedIn) -> None:
    alice, carl = visit("alice"), visit("carl")

    refused = alice.post("/groups/new", {"name": "Open", "type": "Public", "customers": "true"})
    made = alice.post("/groups/new", {"name": "Walks", "type": "Public", "description": "On Fridays"})
    joined = carl.post(f"{made.path}/members")
    promoted = alice.post(
        f"{made.path}/role", {"member": member_of(alice.get(made.path), "Carl"), "role": "Admin"}
    )
    unknown = alice.post(f"{made.path}/members", {"username": "who@acme.com"})
    added = alice.post(f"{made.path}/members", {"username": "sam@acme.com"})
    left = carl.post(f"{made.path}/remove", {"member": member_of(alice.get(made.path), "Carl")})

    assert "Customers can be allowed only in private" in refused.beside("type")
    assert "Leave group" in joined.main
    assert "Carl Chen Manager" in promoted.main
    assert unknown.beside("username") == "No user has this username."
    assert "Sam Smith Member" in added.main
    assert "The membership has ended." in left.main and "Carl Chen" not in left.texts("//tbody")[0]


def member_of(page: Page, name: str) -> str:
    return str(page.tree.xpath(f"//tr[contains(., '{name}')]//input[@name='member']/@value")[0])


def test_a_private_group_is_run_by_its_owner_and_refuses_the_others(visit: SignedIn) -> None:
    sam, mia = visit("sam"), visit("mia")
    group = sam.get("/groups").link("All acme.com")

    join = visit("carl").post(f"{group}/members")
    sams = sam.post(f"{group}/invite", {"addresses": "bob@external.com"})
    mias = mia.post(f"{group}/invite", {"addresses": "bob@external.com"})

    assert (join.status, sams.status, mias.status) == (422, 422, 200)
    assert "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" in join.main
    assert "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" in sams.main
    assert not sam.get(group).texts("//form//button[contains(., 'Remove')]")


def test_who_asks_to_join_a_private_group_waits_for_the_answer(visit: SignedIn) -> None:
    carl, alice = visit("carl"), visit("alice")
    board = carl.get("/groups").link("Board")

    asked = carl.post(carl.get(board).action("Ask to join"))
    withdrawn = carl.post(asked.action("Withdraw"), hidden(asked, "Withdraw"))
    again = carl.post(withdrawn.action("Ask to join"))
    seen = alice.get(board)
    answered = alice.post(seen.action("Accept", "Carl Chen"), hidden(seen, "Accept"))

    assert "have not answered yet" in asked.main and "have not answered yet" in again.main
    assert "Requests to join" not in carl.get(board).main
    assert "Carl Chen Member" in answered.main and "Requests to join" not in answered.main
    assert "Leave group" in carl.get(board).main


def hidden(page: Page, button: str) -> dict[str, str]:
    """What the form of a button sends, but its token."""
    fields = page.tree.xpath(f"//form[.//button[contains(., '{button}')]][1]//input[@type='hidden']")
    return {e.get("name"): e.get("value") for e in fields if e.get("name") != "csrf_token"}


def test_who_is_declined_may_ask_again_and_nobody_answers_for_the_managers(visit: SignedIn) -> None:
    carl, sam, alice = visit("carl"), visit("sam"), visit("alice")
    board = carl.get("/groups").link("Board")
    carl.post(f"{board}/ask")
    asked = hidden(alice.get(board), "Decline")

    refused = sam.post(f"{board}/answer", asked | {"status": "Accepted"})
    alice.post(f"{board}/answer", asked)

    assert (refused.status, sam.get(board).status) == (422, 200)
    assert "INSUFFICIENT_ACCESS_OR_READONLY" in refused.main
    assert "Ask to join" in carl.get(board).main
    assert carl.post(f"{board}/withdraw", {"request": board.rpartition("/")[2]}).status == 400


def test_a_group_is_edited_by_who_runs_it(visit: SignedIn) -> None:
    alice, sam = visit("alice"), visit("sam")
    group = alice.post("/groups/new", {"name": "Walks", "type": "Public", "description": "On Fridays"}).path
    values = {"name": "Hikes", "type": "Private", "description": "", "archived": "true"}

    form = alice.get(f"{group}/edit")
    saved = alice.post(f"{group}/edit", values)
    taken = alice.post(f"{group}/edit", values | {"name": "board"})

    assert form.tree.xpath("//option[@selected]/@value") == ["Public"]
    assert form.texts("//textarea") == ["On Fridays"]
    assert saved.texts("//h1") == ["Hikes"] and "Private Archived" in saved.main
    assert "On Fridays" not in saved.main
    assert taken.status == 422 and "duplicate value found" in taken.beside("name")
    assert [sam.get(f"{group}/edit").status, sam.post(f"{group}/edit", values).status] == [403, 403]


def test_what_the_rules_refuse_of_an_edit_stands_beside_the_field(visit: SignedIn) -> None:
    mia = visit("mia")
    group = mia.get("/groups").link("All acme.com")

    page = mia.post(f"{group}/edit", {"name": "All acme.com", "type": "Public", "customers": "true"})

    assert page.status == 422
    assert page.beside("type").startswith("If you allow customers in a group")


def test_a_group_is_deleted_by_its_owner_who_is_asked_twice(visit: SignedIn) -> None:
    alice, mia = visit("alice"), visit("mia")
    group = alice.get("/groups").link("All acme.com")

    unsure = alice.post(f"{group}/delete")
    manager = mia.post(f"{group}/delete", {"sure": "true"})
    deleted = alice.post(f"{group}/delete", {"sure": "true"})

    assert (unsure.status, manager.status) == (422, 422)
    assert "Delete group" in alice.get(alice.get("/groups").link("Board") + "/edit").main
    assert "INSUFFICIENT_ACCESS_OR_READONLY" in manager.main and "Delete group" not in manager.main
    assert "The group All acme.com has been deleted." in deleted.main
    assert alice.get(group).status == 404


def test_an_unlisted_group_is_on_the_pages_of_its_members_alone(visit: SignedIn) -> None:
    alice, sam = visit("alice"), visit("sam")

    group = alice.post("/groups/new", {"name": "Hidden", "type": "Unlisted", "customers": "true"}).path

    assert "Hidden" in alice.get("/groups").main and "Hidden" not in sam.get("/groups").main
    assert [sam.get(group).status, sam.post(f"{group}/ask").status] == [404, 404]


def test_a_customer_comes_by_the_button_of_the_mail_to_the_group(service: Service, alice: Client) -> None:
    cora = customer(service)
    partners = {"Name": "Partners", "CollaborationType": "Private", "CanHaveGuests": "true"}
    group = alice.create("CollaborationGroup", partners).text("id") or ""
    member = {"CollaborationGroupId": group, "MemberId": cora.user_id}
    assert alice.create("CollaborationGroupMember", member).text("success") == "true"
    button = mails(service, recipient="cora@external.com")[0].link.removeprefix(service.url)
    visitor = Visitor(service.url)

    form = visitor.get(button)
    wanted = str(form.tree.xpath("//input[@name='wanted']/@value")[0])
    page = visitor.sign_in("cora@guest.acme.com", "sesame123", wanted=wanted)

    assert page.texts("//h1") == ["Partners"]
    assert page.texts("//tbody/tr/th") == ["Alice Archer", "Cora Customer"]
    assert not {"Invite people", "Edit", "Remove"} & set(page.texts("//main//a | //main//button"))
    assert all(visitor.get(path).status == 200 for path in page.tree.xpath("//main//a/@href"))
    assert visitor.get(f"/groups/{group_of(alice, 'Board')}").status == 404
    left = visitor.post(page.action("Leave group"), hidden(page, "Leave group"))
    assert (left.path.partition("?")[0], left.texts("//tbody/tr/th")) == ("/groups", ["All acme.com"])
