"""A short pass at what `make fuzz` does at length: every input once found, and new ones like them."""

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import corpus
from fuzz.targets import TARGETS, Check
from orgbox.soap.description import description

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOON = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
EDITS = ("cut", "repeat", "change", "insert")


@pytest.fixture(scope="module")
def checks() -> Callable[[str], Check]:
    """A target's check, set up once."""
    made: dict[str, Check] = {}

    def check_of(name: str) -> Check:
        if name not in made:
            made[name] = TARGETS[name]()
        return made[name]

    return check_of


@st.composite
def bent(draw: st.DrawFn, inputs: list[bytes]) -> bytes:
    """An input of the corpus with some edits."""
    data = draw(st.sampled_from(inputs))
    for edit in draw(st.lists(st.sampled_from(EDITS), max_size=4)):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(1, 20)))
        middle = data[start:end]
        new = {"cut": b"", "repeat": middle * 3, "insert": middle + draw(st.binary(max_size=4)),
               "change": draw(st.binary(min_size=1, max_size=4))}[edit]  # fmt: skip
        data = data[:start] + new + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_once_found_is_met(checks: Callable[[str], Check], name: str) -> None:
    check = checks(name)
    for data in corpus.read(name):
        check(data)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_sent_is_answered(checks: Callable[[str], Check], name: str) -> None:
    check = checks(name)

    @SOON
    @given(bent(corpus.read(name)) | st.binary(max_size=200))
    def run(data: bytes) -> None:
        check(data)

    run()


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    ["", "User", "Id", "CollaborationGroup", "005000000000001AAA", "true", "-1", "9" * 30]
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A call of the API in a good envelope, its arguments anything."""
    path, dialect = draw(st.sampled_from([("0", "partner"), ("1", "enterprise")]))
    calls = description().as_of(66, dialect).calls
    call = calls[draw(st.sampled_from(sorted(calls)))]
    arguments = "".join(
        f"<{member.name}>{draw(contents)}</{member.name}>"
        for member in call.arguments
        for _ in range(draw(st.integers(0, 2)))
    )
    return (
        f'{path}<e:Envelope xmlns:e="{SOAP}" xmlns="urn:{dialect}.soap.sforce.com"><e:Header><SessionHeader>'
        f"<sessionId>{{session}}</sessionId></SessionHeader></e:Header><e:Body><{call.name}>{arguments}"
        f"</{call.name}></e:Body></e:Envelope>"
    ).encode()


contents = st.recursive(
    TEXTS.map(escape),
    lambda inner: st.dictionaries(
        st.sampled_from("type Id Name CollaborationType Username OwnerId Description fieldsToNull x".split()),
        inner, max_size=4,
    ).map(lambda found: "".join(f"<{name}>{value}</{name}>" for name, value in found.items())),
    max_leaves=6,
)  # fmt: skip


def test_every_call_is_answered_whatever_its_arguments(checks: Callable[[str], Check]) -> None:
    check = checks("soap")

    @SOON
    @given(messages())
    def run(data: bytes) -> None:
        check(data)

    run()
