"""Signing in to the console: sessions of its own, cookies, forged forms, headers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from inviting import group_of, invite
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.seed import read_seed
from orgbox.web.site import make_site
from service import PASSWORD, Client, Service
from visitor import Visitor

SignedIn = Callable[..., Visitor]
REFUSED = "Invalid username, password, security token; or user locked out."


def test_who_is_not_signed_in_is_led_to_the_form_and_then_to_the_page_asked_for(visit: SignedIn) -> None:
    nobody = visit()

    form = nobody.get("/invitations?status=Sent")
    wanted = form.tree.xpath("//input[@name='wanted']/@value")[0]
    page = nobody.sign_in("alice@acme.com", wanted=wanted)

    assert form.path.startswith("/signin")
    assert page.path == "/invitations?status=Sent"


def test_the_button_of_a_mail_leads_through_the_sign_in_of_its_own_org(
    service: Service, visit: SignedIn
) -> None:
    org = Lifecycle(service.app.orgs).create(read_seed(""), "Apart")
    alice = Client(f"{service.url}/org/{org.id[:15]}").login("alice@acme.com")
    carl = alice.query("SELECT Id FROM User WHERE Username = 'carl@acme.com'").text("Id") or ""
    member = {"CollaborationGroupId": group_of(alice, "Board"), "MemberId": carl}
    alice.create("CollaborationGroupMember", member)
    [mail] = service.app.mailbox.page(org)
    nobody = visit()

    form = nobody.get(mail.link.removeprefix(service.url))
    hidden = {name: str(form.tree.xpath(f"//input[@name='{name}']/@value")[0]) for name in ("wanted", "org")}
    page = nobody.sign_in("carl@acme.com", **hidden)

    assert form.texts("//h1") == ["Sign in to Apart"]
    assert page.texts("//h1") == ["Board"]


def test_who_has_joined_an_org_of_its_own_can_sign_in_there(service: Service, visit: SignedIn) -> None:
    org = Lifecycle(service.app.orgs).create(read_seed(""), "Apart")
    alice = Client(f"{service.url}/org/{org.id[:15]}").login("alice@acme.com")
    invite(alice, "bob@acme.com")
    [mail] = service.app.mailbox.page(org)
    bob = visit()

    joined = bob.post(mail.link.removeprefix(service.url), {
        "first_name": "Bob", "last_name": "Brown", "email": "bob@acme.com", "password": "sesame123",
        "repeated": "sesame123",
    })  # fmt: skip
    form = bob.get(joined.link("Sign in"))

    assert form.texts("//h1") == ["Sign in to Apart"]
    assert bob.sign_in("bob@acme.com", "sesame123", org=org.id).path == "/home"


@pytest.mark.parametrize(("settings", "told"), [({}, True), ({"host": "0.0.0.0"}, False)])
def test_the_password_of_the_manual_is_told_where_it_opens_the_service(
    make_service: Callable[..., Service], settings: dict[str, str], told: bool
) -> None:
    visitor = Visitor(make_service(**settings).url.replace("0.0.0.0", "127.0.0.1"))

    assert (PASSWORD in visitor.get("/signin").main) is told


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "/nowhere", "javascript:alert(1)",
     "/signout", "/home\r\nX: y", "evil.example", "//evil.example/home", "/static/../../etc"],
)  # fmt: skip
def test_signing_in_leads_to_no_other_site(visit: SignedIn, wanted: str) -> None:
    nobody = visit()

    answer = nobody.post(
        "/signin", {"username": "alice@acme.com", "password": PASSWORD, "wanted": wanted},
        allow_redirects=False,
    )  # fmt: skip

    assert (answer.status, answer.headers["Location"]) == (303, "/home")


@pytest.mark.parametrize(("name", "password"), [("alice@acme.com", "wrong"), ("nobody@acme.com", PASSWORD)])
def test_a_refusal_does_not_tell_which_users_exist(visit: SignedIn, name: str, password: str) -> None:
    page = visit().sign_in(name, password)

    assert page.status == 401
    assert page.texts("//*[@role='alert']") == [f"You are not signed in {REFUSED}"]


def test_the_console_shares_the_lock_with_login(service: Service, visit: SignedIn) -> None:
    for _ in range(10):
        visit().sign_in("alice@acme.com", "wrong")

    assert visit().sign_in("alice@acme.com").status == 401
    assert service.client().call(
        f"<login><username>alice@acme.com</username><password>{PASSWORD}</password></login>"
    ).fault[1] == f"INVALID_LOGIN: {REFUSED}"  # fmt: skip
    service.clock.advance(timedelta(minutes=16))
    assert visit().sign_in("alice@acme.com").path == "/home"


def test_neither_kind_of_session_is_taken_for_the_other(service: Service, visit: SignedIn) -> None:
    alice, api = visit("alice"), service.client("alice@acme.com")

    over_soap = service.client()
    over_soap.session_id = alice.http.cookies["orgbox"]
    stranger = visit()
    stranger.http.cookies.set("orgbox", api.session_id)

    assert over_soap.call("<getUserInfo/>").fault[0] == "sf:INVALID_SESSION_ID"
    assert stranger.get("/home").path.startswith("/signin")
    assert visit(Cookie=f"sid={api.session_id}").get("/home").path.startswith("/signin")


def test_signing_in_gives_a_new_cookie_and_ends_what_the_old_one_stood_for(visit: SignedIn) -> None:
    someone = visit("alice")
    before = someone.http.cookies["orgbox"]

    someone.sign_in("mia@acme.com")
    thief = visit()
    thief.http.cookies.set("orgbox", before)

    assert someone.http.cookies["orgbox"] != before
    assert thief.get("/home").path.startswith("/signin")


def test_signing_out_ends_this_session_of_the_console_and_no_other(service: Service, visit: SignedIn) -> None:
    here, there, api = visit("alice"), visit("alice"), service.client("alice@acme.com")
    kept = here.http.cookies["orgbox"]

    here.post("/signout")
    here.http.cookies.set("orgbox", kept)

    assert here.get("/home").path.startswith("/signin")
    assert there.get("/home").status == 200
    assert api.call("<getUserInfo/>").status == 200


def test_a_session_ends_two_hours_after_its_last_page(service: Service, visit: SignedIn) -> None:
    alice = visit("alice")

    for _ in range(3):
        service.clock.advance(timedelta(hours=1.9))
        assert alice.get("/people").path == "/people"
    service.clock.advance(timedelta(hours=2.1))

    assert alice.get("/people").path.startswith("/signin")


def test_a_session_ends_after_twelve_hours_however_busy(service: Service, visit: SignedIn) -> None:
    alice = visit("alice")

    for _ in range(12):
        assert alice.get("/people").path == "/people"
        service.clock.advance(timedelta(hours=1, minutes=1))

    assert alice.get("/people").path.startswith("/signin")


def test_a_new_password_ends_the_other_sessions(visit: SignedIn) -> None:
    here, there = visit("alice"), visit("alice")

    wrong = here.post("/password", {"old": "no", "new": "another9pw", "again": "another9pw"})
    short = here.post("/password", {"old": PASSWORD, "new": "short1", "again": "short1"})
    differing = here.post("/password", {"old": PASSWORD, "new": "another9pw", "again": "another8pw"})
    changed = here.post("/password", {"old": PASSWORD, "new": "another9pw", "again": "another9pw"})

    assert (wrong.status, wrong.beside("old")) == (422, "invalid old password")
    assert short.beside("new") == "Your password must be at least 8 characters long."
    assert differing.beside("again") == "The two passwords differ."
    assert changed.path == "/home"
    assert there.get("/home").path.startswith("/signin")
    assert visit().sign_in("alice@acme.com", "another9pw").path == "/home"


@pytest.mark.parametrize(
    "call",
    [
        "<setPassword><userId>{}</userId><password>another9pw</password></setPassword>",
        "<resetPassword><userId>{}</userId></resetPassword>",
    ],
)
def test_a_password_given_by_the_administrator_ends_the_sessions(
    call: str, service: Service, visit: SignedIn
) -> None:
    sam, mia, admin = visit("sam"), visit("mia"), service.client("admin@acme.com")

    assert admin.call(call.format(service.client("sam@acme.com").user_id)).status == 200

    assert sam.get("/home").path.startswith("/signin")
    assert mia.get("/home").path == "/home"


def test_a_deactivated_user_is_signed_out(visit: SignedIn) -> None:
    carl, ada = visit("carl"), visit("admin")
    listed = ada.get("/setup/users")

    page = ada.post(f"{listed.link('Carl Chen')}/activity", {"active": "false"})

    assert "The user has been deactivated" in page.main
    assert carl.get("/home").path.startswith("/signin")
    assert visit().sign_in("carl@acme.com").status == 401


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(visit: SignedIn) -> None:
    plain = visit().get("/signin").headers["Set-Cookie"]
    secure = visit(X_Forwarded_Proto="https").get("/signin").headers

    assert plain.startswith("orgbox=")
    assert all(part in plain for part in ("HttpOnly", "SameSite=Lax", "Path=/"))
    assert secure["Set-Cookie"].startswith("__Host-orgbox=")
    assert all(part in secure["Set-Cookie"] for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in secure["Set-Cookie"]
    assert secure["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/", "/signin", "/home", "/nowhere", "/health", "/static/console.css"])
def test_every_answer_carries_the_guards(visit: SignedIn, path: str) -> None:
    headers = visit("admin").get(path).headers

    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert not any("unsafe" in part for part in policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")


NO_COOKIE = ("control.", "oauth.", "elsewhere.")
"""What no cookie opens."""


def forms(service: Service) -> list[str]:
    """Every address that takes a form, with an Id or number in each place."""
    unused: Any = None
    site: Any = make_site(service.app.desk, unused).__self__  # type: ignore[attr-defined]
    rules = [rule for rule in site.url_map.iter_rules() if "POST" in (rule.methods or ())]
    rules = [rule for rule in rules if not rule.endpoint.startswith(NO_COOKIE)]
    return [site.url_map.bind("").build(r.endpoint, dict.fromkeys(r.arguments, "1"), "POST") for r in rules]


def test_every_form_is_refused_without_the_token_of_its_session(service: Service, visit: SignedIn) -> None:
    ada, other = visit("admin"), visit("alice")
    found = forms(service)

    bare = {path: ada.post_bare(path, {}).status for path in found}
    strange = {path: ada.post_bare(path, {"csrf_token": other.token()}).status for path in found}

    assert len(found) > 12
    assert set(bare.values()) == {400}, bare
    assert set(strange.values()) == {400}, strange


def test_a_form_sent_from_another_site_is_refused_even_with_a_token(visit: SignedIn) -> None:
    ada = visit("admin")

    answer = ada.post("/groups/new", {"name": "Forged"}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status == 403
    assert "Forged" not in ada.get("/groups").main


def test_a_form_larger_than_any_of_ours_is_refused(visit: SignedIn) -> None:
    assert visit("admin").post("/groups/new", {"name": "x" * 2_000_000}).status == 413
