"""Every address there is: who gets in, which guards its answers carry, where it leads. No address is left
out: the tests go by the service's own list.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from fuzz.box import Answer, Box, cookie_of, signed_out, token_of

OPEN = {"start", "health", "static", "signin.sign_in", "signin.submit", "signin.sign_out", "accept.look",
        "accept.accept", "metrics.show", "elsewhere.absent"}  # fmt: skip
SETUP = {"settings": "ModifyAllData", "users": "ManageUsers", "mailbox": "ViewAllData"}
"""Pages of these modules take a permission that only administrators have."""
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def box() -> Box:
    made = Box()
    made.ask("GET", "/health")
    return made


def routes(box: Box) -> Iterator[tuple[str, str, str]]:
    """Endpoint, method and path of everything, with something in each place."""
    web: Any = box.app.wsgi
    site = web._web._site.__self__
    for rule in site.url_map.iter_rules():
        path = site.url_map.bind("").build(rule.endpoint, dict.fromkeys(rule.arguments, "1"))
        if "<" in rule.rule and path.startswith("/id/"):
            path = f"/id/{box.org.id}/{box.user('alice')}"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, path


def ask(box: Box, method: str, path: str, name: str = "", **headers: str) -> Answer:
    """A request of nobody or of a user of the console, with the token of a form."""
    if name:
        cookie, token = box.signed_in(name)
    else:
        form = box.ask("GET", "/signin")
        cookie, token = cookie_of(form), token_of(form)
    headers |= {"HTTP_COOKIE": cookie, "HTTP_X_CSRFTOKEN": token}
    return box.ask(method, path, b"", CONTENT_TYPE=FORM, **headers)


def test_nobody_gets_further_than_the_door(box: Box) -> None:
    doors = {"control": {401}, "oauth": {400, 403, 404}}
    inside = {}
    for endpoint, method, path in routes(box):
        if endpoint in OPEN:
            continue
        answer = ask(box, method, path)
        expected = doors.get(endpoint.partition(".")[0])
        if not (answer.status in expected if expected else signed_out(answer)):
            inside[method, path] = answer.status

    assert not inside


@pytest.mark.parametrize("name", ["alice", "mia", "sam", "carl"])
def test_setup_is_for_those_with_the_permission(box: Box, name: str) -> None:
    seen = set()
    for endpoint, method, path in routes(box):
        module = endpoint.partition(".")[0]
        if module in SETUP:
            seen.add(module)
            assert ask(box, method, path, name).status == 403, (method, path)
            assert ask(box, method, path, "admin").status != 403, (method, path)

    assert seen == set(SETUP)


def test_every_answer_carries_the_guards_whatever_is_asked(box: Box) -> None:
    paths = {path for _, _, path in routes(box)}
    paths |= {"/nowhere", "/static/none", "/services/Soap/u/66.0", "/services/Soap/u/66.0?wsdl",
              "/services/Soap/c/1", "/%00", "/join/%ff%00", "/a/../b", "//evil.example/"}  # fmt: skip
    wrong = []
    for path in sorted(paths):
        for method in METHODS:
            for name in ("", "carl"):
                answer = ask(box, method, path, name)
                if answer.status >= 500 and not path.startswith("/services/Soap"):
                    wrong.append((method, path, answer.status))
                if missing := missing_guards(answer):
                    wrong.append((method, path, missing))

    assert not wrong


def missing_guards(answer: Answer) -> list[str]:
    policy = answer.headers.get("content-security-policy", "")
    guards = {
        "policy": "default-src 'none'" in policy and "frame-ancestors 'none'" in policy,
        "unsafe": "unsafe" not in policy and "*" not in policy and "data:" not in policy,
        "nosniff": answer.headers.get("x-content-type-options") == "nosniff",
        "cache": answer.headers.get("cache-control", "").partition(",")[0] in ("no-store", "no-cache"),
        "server": "server" not in answer.headers and "x-powered-by" not in answer.headers,
        "other sites": not any(name.startswith("access-control-") for name in answer.headers),
        "type": "content-type" in answer.headers or not answer.body,
    }
    return [name for name, there in guards.items() if not there]


def test_an_address_of_bytes_that_are_no_text_is_refused(box: Box) -> None:
    for _, method, path in routes(box):
        assert ask(box, method, f"{path}?q=\xc0").status == 400, (method, path)
        assert ask(box, method, f"{path}%c0?q=%c0", "carl").status < 500, (method, path)


def test_a_number_in_an_address_that_is_none_breaks_no_page(box: Box) -> None:
    wrong = []
    for _, method, path in routes(box):
        for text in ("%C2%B2", "%D9%A3", "-1", "1e9", "9" * 5000):
            asked = "&".join(f"{name}={text}" for name in ("before", "after", "limit", "follow"))
            if ask(box, method, f"{path}?{asked}", "admin").status >= 500:
                wrong.append((method, path, text))

    assert not wrong


ELSEWHERE = ("//evil.example", "https://evil.example/", "/\\evil.example", "\thttps://evil.example",
             "/%0d%0aX:1")  # fmt: skip


def test_no_address_leads_to_another_site(box: Box) -> None:
    wrong = []
    for _, method, path in routes(box):
        for target in ELSEWHERE:
            for key in ("wanted", "next", "url", "after", "q"):
                answer = ask(box, method, f"{path}?{key}={target}", HTTP_X_FORWARDED_HOST="evil.example",
                             HTTP_HOST="evil.example")  # fmt: skip
                location = answer.headers.get("location", "/")
                if not location.startswith("/") or location.startswith(("//", "/\\")) or "\n" in location:
                    wrong.append((method, path, key, location))

    assert not wrong


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "FOO"])
def test_other_methods_are_refused_and_give_nothing_back(box: Box, method: str) -> None:
    for path in ("/", "/home", "/signin", "/services/Soap/u/66.0", "/_orgbox/orgs", "/services/oauth2/token"):
        answer = ask(box, method, path, HTTP_X_SECRET="sesame", HTTP_AUTHORIZATION="Bearer key")
        assert answer.status == 405, path
        assert b"sesame" not in answer.body
