"""The console's pages: who may see them, what they do, and that they follow the rules of the API."""

import csv
import email
import io
from collections.abc import Callable

import pytest

from orgbox.org.calllog import KEPT_BYTES
from orgbox.web.calls import shown
from service import PASSWORD, Client, Service
from visitor import Page, Visitor

SignedIn = Callable[..., Visitor]
PAGES = (
    "/home", "/password", "/people", "/people/invite", "/groups", "/groups/new", "/invitations", "/mail",
    "/soql", "/soql?q=SELECT+Id+FROM+User", "/soql?q=SELECT+Foo+FROM+User", "/calls", "/calls?follow=1",
    "/setup/chatter", "/setup/chatter/edit", "/setup/users", "/setup/users/new", "/faults",
)  # fmt: skip
ADMINISTRATORS = {
    "/setup/chatter", "/setup/chatter/edit", "/setup/users", "/setup/users/new", "/mail", "/faults",
}  # fmt: skip


@pytest.mark.parametrize("path", [*PAGES, "{board}", "{board}/edit"])
def test_every_page_is_labelled_for_who_does_not_see_it(visit: SignedIn, path: str) -> None:
    ada = visit("admin")
    page = ada.get(path.replace("{board}", ada.get("/groups").link("Board")))

    tree = page.tree
    fields = tree.xpath("//input[not(@type='hidden')] | //select | //textarea")
    labelled = {label.get("for") for label in tree.xpath("//label")}
    ids = [e.get("id") for e in tree.xpath("//*[@id]")]
    described = " ".join(tree.xpath("//@aria-describedby")).split()
    assert page.status == (422 if "Foo" in path else 200)
    assert tree.get("lang") == "en" and len(tree.xpath("//h1")) == 1 and len(tree.xpath("//main")) == 1
    assert all(f.get("id") in labelled for f in fields)
    assert len(ids) == len(set(ids)) and set(described) <= set(ids)
    assert all(th.get("scope") for th in tree.xpath("//th"))
    assert all(button.text_content().strip() for button in tree.xpath("//button"))
    assert path == "/password" or len(tree.xpath("//nav//a[@aria-current='page']")) == 1
    assert not tree.xpath("//@style | //script[not(@src)] | //@onclick")


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("admin", set()),
        ("alice", ADMINISTRATORS),
        ("carl", ADMINISTRATORS),
    ],
)
def test_setup_and_mailbox_are_the_administrators(visit: SignedIn, name: str, refused: set[str]) -> None:
    visitor = visit(name)

    found = {path for path in PAGES if visitor.get(path).status == 403}
    offered = set(visitor.get("/home").tree.xpath("//nav//a/@href"))

    assert found == refused
    assert not offered & refused


def invite(visitor: Visitor, addresses: str, message: str = "", path: str = "/people/invite") -> Page:
    return visitor.post(path, {"addresses": addresses, "message": message})


def test_each_address_has_its_own_outcome_and_the_refused_stay_in_the_form(visit: SignedIn) -> None:
    page = invite(visit("alice"), "bob@acme.com, bob@external.com\nnonsense;mia@acme.com", "Come in")

    rows = page.texts("//caption/following-sibling::tbody/tr")
    assert page.status == 200
    assert rows[0].startswith("bob@acme.com Invited 0H1")
    assert "FIELD_INTEGRITY_EXCEPTION You can invite only people with email addresses in your" in rows[1]
    assert "INVALID_EMAIL_ADDRESS Invited Email: invalid email address: nonsense" in rows[2]
    assert "You can't send invitations to users of the organization" in rows[3]
    assert page.texts("//textarea[@id='addresses']") == ["bob@external.com nonsense mia@acme.com"]


def test_a_list_of_addresses_is_taken_as_a_mail_program_gives_it(visit: SignedIn) -> None:
    brown = '"Brown, Bob" <bob@acme.com>'
    text = f'{brown}; Eve <eve@acme.com>,\n"open@acme.com, bob@acme.com\n\n{brown}'

    page = invite(visit("alice"), text)

    assert page.texts("//tbody/tr/th") == [
        brown, "Eve <eve@acme.com>", '"open@acme.com', "bob@acme.com",
    ]  # fmt: skip
    assert page.texts("//tbody/tr/td/span[contains(@class, 'tag ok')]") == ["Invited"] * 3


def test_an_invitation_without_an_address_or_with_too_many_is_sent_to_nobody(visit: SignedIn) -> None:
    alice = visit("alice")

    none = invite(alice, " ,\n")
    many = invite(alice, ",".join(f"p{n}@acme.com" for n in range(201)))

    assert (none.status, none.beside("addresses")) == (422, "Enter at least one address.")
    assert many.beside("addresses") == "201 addresses; at most 200 are sent at once."
    assert alice.get("/invitations").texts("//tbody/tr") == []


def test_login_is_retired_on_the_settings_page(service: Service, visit: SignedIn) -> None:
    ada, client = visit("admin"), service.client()
    login = f"<login><username>alice@acme.com</username><password>{PASSWORD}</password></login>"
    values = {"allow_invitations": "true", "allowed_domains": "acme.com", "invitation_days": "60"}

    wrong = ada.post("/setup/chatter/edit", values | {"soap_login": "perhaps"})
    assert wrong.status == 422
    assert client.call(login).status == 200

    ada.post("/setup/chatter/edit", values | {"soap_login": "retiring"})
    assert client.call(login).fault[0] == "sf:INVALID_OPERATION"
    assert b"works in versions up to 64.0" in ada.get("/setup/chatter").body

    ada.post("/setup/chatter/edit", values)
    assert client.call(login).fault[0] == "sf:INVALID_OPERATION"


def test_settings_hold_from_the_next_call_on(service: Service, visit: SignedIn) -> None:
    ada, alice = visit("admin"), service.client("alice@acme.com")
    values = {
        "allow_invitations": "true", "allowed_domains": "@Acme.com, münchen.example\ngmail.com gmail.com",
        "invitation_days": "3", "delete_leaves": "nothing", "second": "refused",
    }  # fmt: skip

    saved = ada.post("/setup/chatter/edit", values)
    first, second, third = (
        alice.create("CollaborationInvitation", {"InvitedUserEmail": a, "SharedEntityId": alice.user_id})
        for a in ("x@gmail.com", "x@gmail.com", "x@m\u00fcnchen.example")
    )

    assert saved.path == "/setup/chatter"
    assert saved.texts("//dd/code") == ["acme.com", "xn--mnchen-3ya.example", "gmail.com"]
    assert "Anybody can get an address at gmail.com." in saved.texts("//*[@class='warning']")[0]
    assert [first.text("success"), second.text("statusCode"), third.text("success")] == [
        "true", "DUPLICATE_VALUE", "true",
    ]  # fmt: skip


@pytest.mark.parametrize("days", ["0", "3651", "-1", "", "1.5", "²", "9" * 5000])
def test_what_is_no_domain_and_no_lifetime_is_refused_beside_the_field(visit: SignedIn, days: str) -> None:
    ada = visit("admin")

    page = ada.post("/setup/chatter/edit", {"allowed_domains": "acme.com\nnot_one", "invitation_days": days})

    assert page.status == 422
    assert page.beside("allowed_domains") == "not_one is not a domain."
    assert page.beside("invitation_days") == "A number of days from 1 to 3650."
    assert page.texts("//textarea") == ["acme.com not_one"]
    assert ada.get("/setup/chatter").texts("//dd/code") == ["acme.com"]


def new_user(visitor: Visitor, **values: str) -> Page:
    form = visitor.get("/setup/users/new").tree
    chosen = {
        name: form.xpath(f"//select[@id='{name}']/option[@selected]/@value")[0]
        for name in ("license", "profile")
    }
    return visitor.post("/setup/users/new", chosen | values)


def test_a_new_user_gets_a_mail_and_chooses_a_password_at_the_first_login(
    service: Service, visit: SignedIn
) -> None:
    ada = visit("admin")

    made = new_user(ada, first_name="Nora", last_name="Neu", email="nora@acme.com", notify="true")
    mail = ada.get(ada.get("/mail").tree.xpath("//tbody//a/@href")[0])
    password = mail.texts("//pre[@aria-label='Plain text']")[0].split("password: ")[1].split()[0]
    nora = visit()
    first = nora.sign_in("nora@acme.com", password)

    assert "Chatter Free User" in made.main and made.tree.findtext(".//h1") == "Nora Neu"
    assert first.path == "/password"
    assert nora.get("/people").path == "/password"
    assert nora.post("/password", {"old": password, "new": "noras0wn", "again": "noras0wn"}).path == "/home"
    assert service.client().login("nora@acme.com", "noras0wn").session_id


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"email": "alice@acme.com"}, "email", "Duplicate Username. The username already exists"),
        ({"email": "nora.acme.com"}, "email", "invalid email address: nora.acme.com"),
        ({"last_name": ""}, "last_name", "Required fields are missing: [LastName"),
        ({"license": "100000000000000AAA"}, "profile", "This profile belongs to the license Chatter Free."),
    ],
)
def test_the_rules_refusal_of_a_new_user_stands_beside_the_field(
    visit: SignedIn, values: dict[str, str], field: str, words: str
) -> None:
    given = {"first_name": "Nora", "last_name": "Neu", "email": "nora@acme.com"} | values

    page = new_user(visit("admin"), **given)

    assert page.status == 422
    assert words in page.beside(field)


def test_a_long_list_is_read_page_by_page_without_repetition(visit: SignedIn) -> None:
    alice = visit("alice")
    invite(alice, ",".join(f"p{n}@acme.com" for n in range(60)))

    page, seen = alice.get("/invitations?status=Sent"), []
    while True:
        seen.append(page.texts("//tbody/tr/th"))
        onward = page.tree.xpath("//a[@rel='next']/@href")
        if not onward:
            break
        page = alice.get(onward[0])

    assert [len(rows) for rows in seen] == [25, 25, 10]
    assert sorted(sum(seen, [])) == sorted(f"p{n}@acme.com" for n in range(60))
    assert page.texts("//option[@selected]") == ["Sent"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("mi", ["Mia Meyer"]), ("%", []), ("_ia", []), ("O'Neil \\ 100% a_", ["O'Neil \\ 100% a_b"]),
     ("\\", [])],
)
def test_people_are_found_by_how_their_name_begins(
    visit: SignedIn, asked: str, found: list[str]
) -> None:
    ada = visit("admin")
    new_user(ada, last_name="O'Neil \\ 100% a_b", email="oneil@acme.com")

    names = ada.get("/people", params={"q": asked}).texts("//tbody/tr/th")

    assert names == found


def test_invitations_are_canceled_and_mailed_again_by_who_may(visit: SignedIn) -> None:
    alice, sam, ada = visit("alice"), visit("sam"), visit("admin")
    invite(alice, "bob@acme.com")
    listed = alice.get("/invitations")
    cancel, resend = listed.action("Cancel", "bob@"), listed.action("Resend", "bob@")

    assert sam.post(resend).status == 403
    assert "insufficient access rights" in sam.post(cancel).main
    assert "The mail has been sent again." in alice.post(resend).main
    assert len(ada.get("/mail?to=bob@acme.com").texts("//tbody/tr")) == 2
    assert "The invitation is canceled" in ada.post(cancel).main
    assert "entity is deleted" in ada.post(cancel).main
    assert "Not sent: entity is deleted." in alice.post(resend).main
    assert alice.get("/invitations?status=Canceled").texts("//tbody/tr/th") == ["bob@acme.com"]
    assert alice.get("/invitations?status=Sent").texts("//tbody/tr/th") == []


def test_a_mail_is_shown_where_it_can_do_no_harm(visit: SignedIn) -> None:
    alice, ada = visit("alice"), visit("admin")
    invite(alice, "bob@acme.com", "<script>alert(1)</script>")

    page = ada.get("/mail/1")
    frame = ada.get("/mail/1/rendered")
    raw = email.message_from_bytes(ada.get("/mail/1/raw").body)

    assert page.tree.xpath("//iframe/@sandbox") == ["allow-popups allow-popups-to-escape-sandbox"]
    policy = frame.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "script-src" not in policy and "default-src 'none'" in policy
    assert b"<script>" not in frame.body and b"&lt;script&gt;" in frame.body
    assert raw["To"] == "bob@acme.com"
    assert alice.get("/mail/1/raw").status == 403


def test_a_query_answers_with_a_table_and_a_file(visit: SignedIn) -> None:
    alice = visit("alice")
    text = 'a "quoted", <b>bold</b>\nword'
    alice.post("/groups/new", {"name": "=1+1", "type": "Private", "description": text})
    query = "SELECT Name, Description, Owner.Name, CanHaveGuests FROM CollaborationGroup WHERE Name = '=1+1'"

    page = alice.get("/soql", params={"q": query})
    file = alice.get("/soql/rows.csv", params={"q": query})

    assert page.texts("//thead//th") == ["Name", "Description", "Owner.Name", "CanHaveGuests"]
    assert page.texts("//tbody//td") == ["=1+1", 'a "quoted", <b>bold</b> word', "Alice Archer", "false"]
    assert list(csv.reader(io.StringIO(file.body.decode())))[1] == [
        "'=1+1", text, "Alice Archer", "false",
    ]  # fmt: skip
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"


def test_a_wrong_query_shows_the_place(visit: SignedIn) -> None:
    page = visit("alice").get("/soql", params={"q": "SELECT Id,\n  Foo FROM User"})

    lines = page.tree.xpath("//pre[@id='fault']")[0].text_content().split("\n")
    assert page.status == 422
    assert lines[0].index("Foo") == lines[1].index("^")
    assert lines[2] == "ERROR at Row:2:Column:3"


def test_subqueries_and_counts_have_a_place_in_the_table(visit: SignedIn) -> None:
    alice = visit("alice")

    nested = alice.get("/soql", params={
        "q": "SELECT Name, (SELECT CollaborationRole FROM GroupMembers) FROM CollaborationGroup "
        "WHERE Name = 'Engineering'"
    })  # fmt: skip
    counted = alice.get("/soql", params={"q": "SELECT COUNT() FROM CollaborationGroup"})

    assert nested.texts("//tbody//td")[1] == "CollaborationRole: Admin; CollaborationRole: Standard"
    assert "Size: 3" in counted.main


def test_calls_show_what_a_client_sent_and_got(service: Service, visit: SignedIn) -> None:
    alice, ada = service.client("alice@acme.com", version="44.0"), visit("admin")
    alice.call("<query><queryString>SELECT Id FROM User</queryString></query>",
               "<CallOptions><client>Loader/1</client></CallOptions>")  # fmt: skip
    alice.query("SELECT Foo FROM User")

    listed = ada.get("/calls")
    rows = listed.texts("//tbody/tr")
    detail = ada.get(listed.tree.xpath("//tbody/tr[2]//a/@href")[0])

    assert rows[0].startswith("query ") and rows[0].endswith("500")
    assert "alice@acme.com 44.0 partner Loader/1 python-requests" in rows[1]
    assert rows[2].startswith("login")
    assert "SELECT Id FROM User" in detail.texts("//pre")[0]
    assert alice.session_id not in detail.body.decode() and "••••••••" in detail.texts("//pre")[0]
    assert "<size>5</size>" in detail.texts("//pre")[1]


def test_users_see_their_own_calls_only(service: Service, visit: SignedIn) -> None:
    service.client("alice@acme.com").call("<getUserInfo/>")
    service.client("mia@acme.com").call("<getServerTimestamp/>")

    alice = visit("alice")
    rows = alice.get("/calls").texts("//tbody/tr")
    other = visit("admin").get("/calls").tree.xpath("//tbody/tr[1]//a/@href")[0]

    assert rows and all("alice@acme.com" in row for row in rows)
    assert alice.get(other).status == 404


def test_the_log_holds_as_many_calls_as_set_and_no_more_of_each(make_service: Callable[..., Service]) -> None:
    service = make_service(call_log=3)
    client = service.client("alice@acme.com")
    for _ in range(5):
        client.call(f"<query><queryString>{'x' * 100_000}</queryString></query>")
    kept = service.app.desk.calls.last(service.app.orgs.all()[0].number)
    silent = make_service(call_log=0)
    silent.client("alice@acme.com")

    assert [call.name for call in kept] == ["query"] * 3
    assert all(len(call.request) == KEPT_BYTES for call in kept)
    assert not silent.app.desk.calls.last(silent.app.orgs.all()[0].number)


@pytest.mark.parametrize(
    "body",
    [
        "<login><username>a</username><password>s3cret!x</password></login>",
        "<u:login xmlns:u='u'><u:password a='b' >s3cret!x</u:password ></u:login>",
        "<login><password><![CDATA[s3cret!x]]></password></login>",
        "<login><password><!-- -->s3cret!x</password></login>",
        "<login><password>s3cret!x",
        "<setPassword><userId>1</userId><password>s3cret!x</password></setPassword",
        "<c><oldPassword>s3cret!x</oldPassword><newPassword>s3cret!x2</newPassword></c>",
        "<SessionHeader><sessionId>s3cret!x</sessionId></SessionHeader>",
        "<i><sessionIds>s3cret!x</sessionIds><sessionIds>s3cret!x</sessionIds></i>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_secrets_are_masked_however_they_are_written(body: str, encoding: str) -> None:
    text = shown(body.encode(encoding))

    assert "s3cret" not in text
    assert "••••••••" in text


def test_a_password_under_a_name_of_the_clients_own_is_masked_too(service: Service, visit: SignedIn) -> None:
    bare = service.client()
    bare.call(f"<login><a>alice@acme.com</a><b>{PASSWORD}</b></login>")
    ada = visit("admin")

    detail = ada.get(ada.get("/calls").tree.xpath("//tbody/tr[1]//a/@href")[0])

    assert "alice@acme.com" in detail.main
    assert PASSWORD not in detail.body.decode()


def test_the_code_on_the_pages_runs(visit: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda: PASSWORD)
    alice = visit("alice")
    paths = ("/home", "/people", "/people/invite", "/groups", "/groups/new", "/invitations", "/soql")
    board = alice.get("/groups").link("Board")
    codes = [
        code
        for path in (*paths, f"{board}/edit")
        for code in alice.get(path).tree.xpath("//details//code[ancestor::pre]/text()")
    ]

    for code in codes:
        exec(compile(code, "page", "exec"), {})  # as a reader would paste it

    assert len(codes) >= 9
    assert alice.get(board).status == 404
    assert "bob@acme.com" in alice.get("/invitations").main
    assert "New group" in alice.get("/groups").main


def test_text_from_people_is_text_on_every_page(service: Service, visit: SignedIn) -> None:
    evil = "<img src=x onerror=alert(1)>{{7919*7907}}"
    alice, ada = visit("alice"), visit("admin")
    group = alice.post("/groups/new", {"name": evil[:40], "type": "Public", "description": evil}).path
    invite(alice, "bob@acme.com", evil)
    user = new_user(ada, first_name=evil[:40], last_name=evil, email="e@acme.com").path
    alice.get("/soql", params={"q": evil})
    Client(service.url).call(f"<login><username>&lt;script&gt;{evil.replace('<', '&lt;')}</username></login>")
    person = user.replace("/setup/users", "/people")
    pages = [
        "/people", person, "/groups", group, f"{group}/edit", "/invitations", "/mail", "/mail/1", "/calls",
        "/setup/users", user,
    ]  # fmt: skip

    for path in pages:
        page = ada.get(path)
        assert page.status == 200
        assert not page.tree.xpath("//img | //script[not(@src)] | //@onerror"), path
        assert "{{7919*7907}}" in page.body.decode() or "62615533" not in page.main, path
