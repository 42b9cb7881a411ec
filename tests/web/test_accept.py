"""The page an invitation leads to: what it shows, what it asks, what it gives away."""

import re
import threading

import pytest
import requests

from inviting import group_of, invite, token_of
from service import Client, Service

ANSWERS = {
    "first_name": "Bob", "last_name": "Brown", "email": "bob@acme.com", "password": "sesame123",
    "repeated": "sesame123",
}  # fmt: skip


class Visitor:
    """Somebody with a browser and a link."""

    def __init__(self, service: Service, token: str) -> None:
        self.url = f"{service.url}/join/{token}"
        self.http = requests.Session()

    def get(self) -> requests.Response:
        return self.http.get(self.url, timeout=30)

    def post(self, **changes: str) -> requests.Response:
        """Sends the form of the page with these answers changed."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get().text)
        token = {"csrf_token": found[1]} if found else {}
        return self.http.post(self.url, data=ANSWERS | changes | token, timeout=30)


@pytest.fixture
def visitor(service: Service, alice: Client) -> Visitor:
    """Bob, whom Alice invited to Chatter."""
    invite(alice, "bob@acme.com", OptionalMessage="Come in &lt;b&gt;now&lt;/b&gt;")
    return Visitor(service, token_of(service, "bob@acme.com"))


def test_the_page_shows_who_invites_and_asks_what_is_needed(visitor: Visitor) -> None:
    answer = visitor.get()

    assert answer.status_code == 200
    assert "Alice Archer invited you to join Chatter" in answer.text
    assert "Come in &lt;b&gt;now&lt;/b&gt;" in answer.text
    inputs = re.findall(r'<input id="(\w+)" name="\1" type="(\w+)"', answer.text)
    assert inputs == [
        ("first_name", "text"), ("last_name", "text"), ("email", "email"), ("password", "password"),
        ("repeated", "password"),
    ]  # fmt: skip
    assert all(f'<label for="{name}">' in answer.text for name, _ in inputs)
    assert 'value="bob@acme.com"' in answer.text


def test_the_page_runs_no_script_and_tells_nobody_its_address(visitor: Visitor) -> None:
    for answer in (visitor.get(), visitor.post(last_name=""), visitor.post(), visitor.get()):
        assert "<script" not in answer.text and "http" not in re.sub(r'href="/[^"]*"', "", answer.text)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'") and "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_who_answers_can_sign_in_at_once(service: Service, visitor: Visitor) -> None:
    answer = visitor.post()

    assert answer.status_code == 200
    assert "Welcome, Bob Brown" in answer.text and "<code>bob@acme.com</code>" in answer.text
    bob = service.client()
    bob.login("bob@acme.com", "sesame123")
    assert bob.query("SELECT Name FROM User WHERE Username = 'bob@acme.com'").texts("Name") == ["Bob Brown"]


def test_looking_accepts_nothing(visitor: Visitor, alice: Client) -> None:
    for method in ("GET", "HEAD", "GET"):
        assert visitor.http.request(method, visitor.url, timeout=30).status_code == 200

    found = alice.query("SELECT Status FROM CollaborationInvitation")
    assert found.texts("Status") == ["Sent"]


def test_a_form_without_its_token_is_refused(visitor: Visitor, alice: Client) -> None:
    answer = requests.post(visitor.url, data=ANSWERS, timeout=30)

    assert answer.status_code == 400
    assert alice.query("SELECT Id FROM User").text("size") == "5"


def test_what_is_wrong_stands_beside_the_field_and_answers_are_kept(visitor: Visitor) -> None:
    answer = visitor.post(last_name="", password="short", email="bob@evil.example")

    assert answer.status_code == 422
    assert 'aria-describedby="last_name-wrong" aria-invalid="true"' in answer.text
    assert re.search(r'id="last_name-wrong">Required fields are missing: \[LastName\]', answer.text)
    assert re.search(r'id="password-wrong">Your password must be at least 8 characters long', answer.text)
    assert 'value="Bob"' in answer.text and 'value="bob@evil.example"' in answer.text
    assert "short" not in answer.text
    refused = visitor.post(email="bob@evil.example").text
    assert 'id="email-wrong">You can invite only people with email addresses in your company&#39;s' in refused


def test_a_customer_is_asked_for_the_company(service: Service, alice: Client) -> None:
    invite(alice, "zoe@external.com", to=group_of(alice, "All acme.com"))
    visitor = Visitor(service, token_of(service, "zoe@external.com"))
    assert '<label for="company">' in visitor.get().text
    assert "invited you to join All acme.com" in visitor.get().text

    answer = visitor.post(email="zoe@external.com", company="External Ltd")

    assert "<code>zoe@guest.acme.com</code>" in answer.text and "All acme.com" in answer.text
    assert service.client().login("zoe@guest.acme.com", "sesame123").session_id


def test_who_enters_a_customers_address_is_asked_for_the_company_then(
    service: Service, alice: Client
) -> None:
    invite(alice, "bob@acme.com", to=group_of(alice, "All acme.com"))
    visitor = Visitor(service, token_of(service, "bob@acme.com"))
    assert '<label for="company">' not in visitor.get().text

    answer = visitor.post(email="bob@external.com")

    assert answer.status_code == 422 and '<label for="company">' in answer.text
    assert visitor.post(email="bob@external.com", company="External").status_code == 200


@pytest.mark.parametrize("token", ["x", "A" * 43, "%00", "..%2f", "%ed%a0%80", "b" * 5000])
def test_a_forged_link_leads_nowhere(token: str, service: Service) -> None:
    visitor = Visitor(service, token)

    answer = visitor.get()

    assert answer.status_code == 404
    assert "alice" not in answer.text.lower() and "acme" not in answer.text.lower()


def test_an_ended_link_says_how_it_ended_and_no_address(
    service: Service, alice: Client, visitor: Visitor
) -> None:
    assert visitor.post().status_code == 200
    canceled = invite(alice, "eve@acme.com")[0]
    eve = Visitor(service, token_of(service, "eve@acme.com"))
    alice.call(f"<delete><ids>{canceled}</ids></delete>")

    for ended, words in ((visitor, "was accepted"), (eve, "was canceled")):
        for answer in (ended.get(), ended.post()):
            assert answer.status_code in ((410,) if answer.request.method == "GET" else (400, 410))
        assert words in ended.get().text and "@" not in ended.get().text


def test_an_accepted_form_sent_again_makes_no_second_user(visitor: Visitor, alice: Client) -> None:
    found = re.search(r'name="csrf_token" value="([^"]+)"', visitor.get().text)
    assert found
    outcomes: list[int] = []

    def send() -> None:
        data = ANSWERS | {"csrf_token": found[1]}
        outcomes.append(requests.post(visitor.url, data=data, cookies=cookies, timeout=60).status_code)

    cookies = visitor.http.cookies.get_dict()
    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [200, 410]
    assert alice.query("SELECT Id FROM User").text("size") == "6"


def test_a_full_license_is_told_on_the_page(service: Service, visitor: Visitor) -> None:
    with service.app.orgs.database.write() as connection:
        connection.exec_driver_sql('UPDATE "UserLicense" SET "TotalLicenses" = 1')

    answer = visitor.post()

    assert answer.status_code == 422 and "License Limit Exceeded" in answer.text
