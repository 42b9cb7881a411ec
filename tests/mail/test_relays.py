"""Servers that want TLS and a password: real ones on loopback, with certificates of an authority of ours."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from inviting import invite
from orgbox.http.certificates import Certificates
from orgbox.mail.smtp import Relay, RelayAway
from postbox import Postbox
from service import Service

Tried = list[tuple[str, bytes, bytes]]


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """A certificate for localhost, and the authority that vouches for it."""
    return Certificates(tmp_path / "tls")


@pytest.fixture
def trusting(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender trusts the authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


@pytest.fixture
def tried() -> Tried:
    """Who signed in to a server, with which password: mechanism, user, password."""
    return []


@pytest.fixture
def starttls(certificates: Certificates, tried: Tried) -> Iterator[Postbox]:
    """A server that takes mail over STARTTLS alone, from those who sign in as `me`."""

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, sent: Any) -> AuthResult:
        assert isinstance(sent, LoginPassword) and session.ssl
        tried.append((mechanism, sent.login, sent.password))
        return AuthResult(success=sent == LoginPassword(b"me", b"se/cret"), handled=False)

    made = Postbox(
        tls_context=certificates.context(), require_starttls=True, authenticator=authenticate,
        auth_required=True,
    )  # fmt: skip
    yield made.open()
    made.close()


@pytest.fixture
def smtps(certificates: Certificates) -> Iterator[Postbox]:
    """A server that speaks TLS from the first byte."""
    made = Postbox(ssl_context=certificates.context())
    yield made.open()
    made.close()


def relay(postbox: Postbox, sign_in: str = "me:se%2Fcret@", scheme: str = "smtp") -> str:
    return f"{scheme}://{sign_in}localhost:{postbox.port}"


@pytest.mark.usefixtures("trusting")
def test_a_mail_goes_over_starttls_after_signing_in(
    starttls: Postbox, tried: Tried, make_service: Callable[..., Service]
) -> None:
    alice = make_service(smtp_url=relay(starttls)).client("alice@acme.com")
    invite(alice, "bob@acme.com")

    [mail] = starttls.wait(1)
    assert mail.recipients == ["bob@acme.com"]
    assert [sent[1:] for sent in tried] == [(b"me", b"se/cret")]


@pytest.mark.usefixtures("trusting")
def test_a_mail_goes_over_tls_from_the_first_byte(
    smtps: Postbox, make_service: Callable[..., Service]
) -> None:
    alice = make_service(smtp_url=relay(smtps, "", "smtps")).client("alice@acme.com")
    invite(alice, "bob@acme.com")

    assert smtps.wait(1)[0].recipients == ["bob@acme.com"]


@pytest.mark.usefixtures("trusting")
def test_a_wrong_password_is_no_fault_of_the_mail(starttls: Postbox, tried: Tried) -> None:
    with pytest.raises(RelayAway, match="535"):
        Relay.of(relay(starttls, "me:wrong@")).connect()
    assert tried


@pytest.mark.usefixtures("trusting")
def test_a_mail_without_signing_in_where_it_is_wanted_is_tried_again(starttls: Postbox) -> None:
    connection = Relay.of(relay(starttls, "")).connect()

    with pytest.raises(RelayAway, match="530"):
        connection.send("a@acme.com", "b@acme.com", b"Subject: x\r\n\r\nx\r\n")
    connection.close()


def test_a_server_that_nobody_vouches_for_learns_no_password(starttls: Postbox, tried: Tried) -> None:
    with pytest.raises(RelayAway, match="CERTIFICATE_VERIFY_FAILED"):
        Relay.of(relay(starttls)).connect()
    assert not tried
