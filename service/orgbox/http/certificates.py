"""A certificate authority of one's own and the certificate of the service, made once and kept in a folder.

    ca.pem        what clients are to trust
    ca.key        its key
    ca.p12        the same as ca.pem, as Java's trust store
    server.pem    key and certificate of the service, renewed when near its end

Names in the certificate: those of this machine, those under which Salesforce is reached (for clients whose
DNS leads here), and the host of the external URL. Lifetimes: ten years; 397 days, the most that browsers
take.
"""

import ipaddress
import os
import re
import ssl
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from orgbox.config import Config

NAMES = ("localhost", "login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com")
ADDRESSES = ("127.0.0.1", "::1")
STORE_PASSWORD = "changeit"
"""Of ca.p12, which holds nothing secret; Java asks for one. It is the one its own trust store has."""
_AUTHORITY, _SERVER = timedelta(days=3650), timedelta(days=397)
_NEAR_END = timedelta(days=60)
_EARLIER = timedelta(days=1)
"""Certificates begin a day ago, for clients whose clock is behind."""

_SQLITE_FILE = re.compile(r"sqlite(?:\+\w+)?:///([^?:]+)")


def folder_of(config: Config) -> Path:
    """The folder that is set, else one beside the SQLite file, else one in the working directory."""
    found = _SQLITE_FILE.match(config.database)
    return Path(config.tls_folder or f"{found[1] if found else 'orgbox'}.tls")


class Certificates:
    """The files of one folder; those that are missing or near their end are made. Raises OSError."""

    def __init__(self, folder: Path, external_url: str = "") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        key = self._authority_key()
        authority = self._authority(key)
        if not self._is_good(authority, set(_names(external_url))):
            self._make_server(key, authority, _names(external_url))

    @property
    def authority(self) -> Path:
        """What clients are to trust, in PEM."""
        return self.folder / "ca.pem"

    @property
    def store(self) -> Path:
        """What Java is to trust, in PKCS12 with STORE_PASSWORD."""
        return self.folder / "ca.p12"

    def context(self) -> ssl.SSLContext:
        """For the server: TLS 1.2 and 1.3."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.folder / "server.pem")
        return context

    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        path = self.folder / "ca.key"
        if not path.exists():
            _write(path, _key_text(ec.generate_private_key(ec.SECP256R1())), once=True)
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise OSError(f"{path}: not a key that Orgbox made")
        return key

    def _authority(self, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        if self.authority.exists():
            found = x509.load_pem_x509_certificate(self.authority.read_bytes())
            if found.public_key() == key.public_key() and not _is_near_end(found):
                return found
        made = _self_signed(key)
        _write(self.authority, made.public_bytes(Encoding.PEM), mode=0o644)
        entry = pkcs12.PKCS12Certificate(made, b"orgbox")
        encryption = BestAvailableEncryption(STORE_PASSWORD.encode())
        _write(self.store, pkcs12.serialize_java_truststore([entry], encryption), mode=0o644)
        return made

    def _is_good(self, authority: x509.Certificate, names: set[x509.GeneralName]) -> bool:
        """Whether the certificate of the service can be used as it is."""
        with suppress(FileNotFoundError, ValueError, x509.ExtensionNotFound):
            found = x509.load_pem_x509_certificate((self.folder / "server.pem").read_bytes())
            known = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            issued = _key_id(found) == _authority_id(authority)
            return issued and names <= set(known) and not _is_near_end(found)
        return False

    def _make_server(
        self, key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, names: list[x509.GeneralName]
    ) -> None:
        own = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder("Orgbox", authority.subject, own.public_key(), _SERVER)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier(_authority_id(authority), None, None), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        _write(self.folder / "server.pem", _key_text(own) + made.public_bytes(Encoding.PEM))


def _names(external_url: str) -> list[x509.GeneralName]:
    host = urlsplit(external_url).hostname or "localhost"
    names = dict.fromkeys((*NAMES, *ADDRESSES, host))
    return [_general_name(name) for name in names]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode("ascii") if not host.isascii() else host)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    common = "Orgbox, local certificate authority"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    return (
        _builder(common, name, key.public_key(), _AUTHORITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now - _EARLIER + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    """What a key is for: signing certificates, or signing handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs, crl_sign=signs,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _authority_id(authority: x509.Certificate) -> bytes:
    return authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _key_id(certificate: x509.Certificate) -> bytes | None:
    """The key that signed the certificate."""
    extensions = certificate.extensions
    return extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


def _is_near_end(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_after_utc - datetime.now(UTC) < _NEAR_END


def _key_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, content: bytes, *, mode: int = 0o600, once: bool = False) -> None:
    """Write a file at a stroke, so that no other process reads half of it; `once` keeps another's."""
    handle, made = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(made, mode)
        if once:
            with suppress(FileExistsError):
                os.link(made, path)
        else:
            os.replace(made, path)
    finally:
        Path(made).unlink(missing_ok=True)


TRUST = (
    # stack, what to set
    ("Python, requests", "export REQUESTS_CA_BUNDLE={ca}"),
    ("Python, OpenSSL (http.client, httpx), Ruby, Go", "export SSL_CERT_FILE={ca}"),
    ("Node.js", "export NODE_EXTRA_CA_CERTS={ca}"),
    ("Java", "export JAVA_TOOL_OPTIONS='-Djavax.net.ssl.trustStore={store} "
             "-Djavax.net.ssl.trustStorePassword={password}'"),
    ("Perl, LWP", "export PERL_LWP_SSL_CA_FILE={ca}"),
    ("curl, libcurl's command", "export CURL_CA_BUNDLE={ca}"),
    ("PHP", "php -d openssl.cafile={ca} -d curl.cainfo={ca}"),
    ("curl, once", "curl --cacert {ca}"),
)  # fmt: skip
"""What each stack is told, without a change to the client."""


def settings_text(certificates: Certificates, rows: Iterable[tuple[str, str]] = TRUST) -> str:
    """Lines for a shell; those that are no variables are comments, so that all can be evaluated."""
    facts = {
        "ca": certificates.authority.resolve(), "store": certificates.store.resolve(),
        "password": STORE_PASSWORD,
    }  # fmt: skip
    lines = []
    for stack, text in rows:
        line = text.format(**facts)
        lines += [f"# {stack}", line if line.startswith("export") else f"#   {line}"]
    return "\n".join(lines)
