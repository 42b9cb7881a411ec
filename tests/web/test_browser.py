"""The console as people meet it, in a real browser: no script of ours is needed, none of theirs runs.

Where Chromium is missing these tests name themselves as not run; where CI is set they must run.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import browser
from browser import Person
from service import Service

REASON = browser.missing()
pytestmark = pytest.mark.skipif(bool(REASON) and not os.environ.get("CI"), reason=REASON)

Somebody = Callable[[], Person]
EVIL = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with browser.chromium(tmp_path_factory.mktemp("chromium") / "profile") as driver:
        yield driver


@pytest.fixture
def somebody(driver: Any, service: Service) -> Iterator[Somebody]:
    """Somebody at the browser, signed out; fails the test in which the browser objected to a page."""
    driver.get("about:blank")  # a page left open goes on asking its service, which has ended
    driver.get_log("browser")
    person = Person(driver, service.url)
    yield lambda: Person(driver, service.url)
    assert not person.complaints


def test_an_administrator_allows_a_public_domain_and_is_warned(somebody: Somebody) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    ada.follow("Chatter Settings")
    ada.follow("Edit")
    ada.fill_in({"Email domains": "acme.com\ngmail.com", "Days in which an invitation can be accepted": "14"})
    ada.press("Save")

    assert ada.heading == "Chatter Settings"
    assert "Anybody can get an address at gmail.com" in ada.text
    assert "14 days" in ada.text


def test_a_user_invites_colleagues_and_is_told_whom_not(somebody: Somebody) -> None:
    alice = somebody()
    alice.sign_in("alice@acme.com")
    alice.follow("People")
    alice.follow("Invite People to Chatter")
    alice.fill_in({"Email addresses": "bob@acme.com, bob@external.com", "Message": "Welcome!"})
    alice.press("Send")

    assert "bob@acme.com Invited" in alice.text
    assert "You can invite only people with email addresses in your company's domains" in alice.text
    alice.follow("Invitations")
    assert "Welcome!" in alice.text
    alice.press("Cancel the invitation of bob@acme.com")
    assert "Canceled" in alice.text


def test_an_invitee_comes_from_the_mail_to_the_first_login(somebody: Somebody) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    ada.follow("Groups")
    ada.follow("All acme.com")
    ada.follow("Invite people")
    ada.fill_in({"Email addresses": "bob@external.com"})
    ada.press("Send")
    ada.follow("Mailbox")
    ada.follow("Ada Admin invited you to join the group All acme.com on Chatter")
    button = in_the_mail(ada)

    bob = somebody()
    bob.open(button)
    bob.fill_in({
        "First Name": "Bob", "Last Name": "Builder", "Company Name": "External",
        "Password": "bobs0wnpw", "Password again": "bobs0wnpw",
    })  # fmt: skip
    bob.press("Create Account")
    username = bob.driver.find_element("tag name", "code").text
    bob.follow("Sign in")
    bob.sign_in(username, "bobs0wnpw")
    bob.follow("Groups")

    assert "All acme.com" in bob.text and "Engineering" not in bob.text
    bob.open(button)
    assert bob.heading == "This invitation was accepted"


def in_the_mail(reader: Person) -> str:
    """Where the button of the mail that is shown leads, read from the rendered mail itself."""
    reader.driver.switch_to.frame(reader.driver.find_element("class name", "mailframe"))
    links = reader.driver.find_elements("xpath", "//a[contains(@href, '/join/')]")
    address = str(links[0].get_attribute("href"))
    reader.driver.switch_to.default_content()
    return address


def test_who_asks_to_join_a_group_is_let_in_by_its_owner_who_then_edits_and_deletes_it(
    somebody: Somebody,
) -> None:
    carl = somebody()
    carl.sign_in("carl@acme.com")
    carl.follow("Groups")
    carl.follow("Board")
    carl.press("Ask to join")
    assert "You asked to join" in carl.text

    alice = somebody()
    alice.sign_in("alice@acme.com")
    alice.follow("Groups")
    alice.follow("Board")
    alice.press("Accept the request of Carl Chen")
    assert "Carl Chen Member" in alice.text
    alice.follow("Edit")
    alice.fill_in({"Group Name": "Directors", "Access": "Unlisted: only members know of it"})
    alice.press("Save")
    assert alice.heading == "Directors" and "Unlisted" in alice.text
    alice.follow("Edit")
    alice.tick("I am sure")
    alice.press("Delete group")

    assert "The group Directors has been deleted." in alice.text
    assert "Board" not in alice.text


def test_a_new_user_chooses_a_password_before_anything_else(somebody: Somebody) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    ada.follow("Users")
    ada.follow("New User")
    ada.fill_in({"First Name": "Nora", "Last Name": "Neu", "Email": "nora@acme.com"})
    ada.press("Save")
    assert ada.heading == "Nora Neu"
    ada.follow("Mailbox")
    ada.follow("Welcome to Acme")
    password = ada.text.split("Temporary password: ")[1].split()[0]

    nora = somebody()
    nora.sign_in("nora@acme.com", password)
    assert nora.heading == "Change your password"
    nora.fill_in({"Present password": password, "New password": "noras0wn", "New password again": "noras0wn"})
    nora.press("Change password")

    assert nora.heading == "Acme"


def test_nothing_that_people_write_ever_runs(somebody: Somebody, service: Service) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    ada.open("/setup/users/new")
    ada.fill_in({"First Name": EVIL[:39], "Last Name": EVIL[-79:], "Email": "eve@acme.com"})
    ada.press("Save")
    user = ada.driver.current_url
    ada.open("/groups/new")
    ada.fill_in({"Group Name": EVIL[:40], "Description": EVIL})
    ada.press("Save")
    group = ada.driver.current_url
    ada.open(f"{group}/invite")
    ada.fill_in({"Email addresses": f"bob@acme.com\n{EVIL}", "Message": EVIL})
    ada.press("Send")
    assert EVIL[:30] in ada.text
    link = ada.url + service.app.mailbox.page(service.app.orgs.all()[0])[0].link.removeprefix(ada.url)
    pages = [
        user, user.replace("/setup/users/", "/people/"), "/setup/users", "/people", "/groups", group,
        f"{group}/edit", "/invitations", "/mail", "/mail/2", "/mail/2/rendered", "/calls", link,
        f"/signin?wanted={EVIL}", f"/mail?to={EVIL}", f"/soql?q={EVIL}", f"/nowhere/{EVIL}",
    ]  # fmt: skip

    for path in pages:
        ada.open(path)
        assert "ran" not in ada.driver.title.split(), path
        assert not ada.driver.find_elements("xpath", "//img | //script[not(@src)]"), path
    ada.open("/soql")
    ada.fill_in({"Query": f"SELECT Id FROM {EVIL}"})
    ada.press("Run")
    assert EVIL[:30] in ada.text


def test_the_calls_come_in_as_they_are_made(somebody: Somebody, service: Service) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    ada.follow("Calls")
    ada.follow("Follow live")
    assert "getServerTimestamp" not in ada.text

    service.client("alice@acme.com").call("<getServerTimestamp/>")

    browser.WebDriverWait(ada.driver, 30).until(lambda _: "getServerTimestamp" in ada.text)


def test_the_keyboard_alone_is_enough(somebody: Somebody) -> None:
    ada = somebody()
    ada.sign_in("admin@acme.com")
    keys = browser.Keys

    ada.driver.find_element("tag name", "body").send_keys(keys.TAB)
    skip = ada.driver.switch_to.active_element
    assert skip.text == "Skip to content" and skip.is_displayed()
    skip.send_keys(keys.ENTER)
    assert ada.driver.switch_to.active_element.get_attribute("id") == "main"
    reached = []
    ada.driver.find_element("tag name", "body").send_keys(keys.HOME)
    for _ in range(40):
        ada.driver.switch_to.active_element.send_keys(keys.TAB)
        here = ada.driver.switch_to.active_element
        reached.append(here.text)
        assert here.value_of_css_property("outline-style") != "none", here.text
        if here.text == "Partner WSDL":
            break

    assert "Partner WSDL" in reached
