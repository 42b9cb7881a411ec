"""The assertion of the JWT bearer flow: a token that the client signs with the key of the certificate
its connected app has. Sources: RFC 7515 and 7523; Salesforce Help, "OAuth 2.0 JWT Bearer Flow".
"""

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from orgbox.frozen import value


class Refused(ValueError):
    """The assertion is not accepted; the text is told to the client."""


@value
class Assertion:
    """Who asks (`issuer`, a consumer key) for whom (`subject`, a user name), and until when."""

    issuer: str
    subject: str
    audience: tuple[str, ...]
    expires: float
    signed: bytes
    signature: bytes

    def check(self, certificate: str, audiences: frozenset[str], now: datetime) -> None:
        """Raises Refused unless it is meant for one of the audiences, signed and still valid."""
        if not audiences.intersection(name.rstrip("/") for name in self.audience):
            raise Refused("audience is invalid")
        if not self._is_signed_by(certificate):
            raise Refused("invalid assertion")
        if self.expires < now.timestamp():
            raise Refused("assertion has expired")

    def _is_signed_by(self, certificate: str) -> bool:
        try:
            key = load_pem_x509_certificate(certificate.encode()).public_key()
            if not isinstance(key, rsa.RSAPublicKey):
                return False
            key.verify(self.signature, self.signed, padding.PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


def read(text: str) -> Assertion:
    """The parts of a token, not checked yet. Raises Refused for what is no token signed by RS256."""
    signed, _, signature = text.rpartition(".")
    head, _, body = signed.partition(".")
    try:
        if json.loads(_decode(head)).get("alg") != "RS256":
            raise Refused("invalid assertion")
        claims: dict[str, Any] = json.loads(_decode(body))
        audience = claims.get("aud", ())
        names = (audience,) if isinstance(audience, str) else tuple(map(str, audience))
        subject = claims.get("sub") or claims.get("prn") or ""
        return Assertion(
            str(claims.get("iss", "")), str(subject), names, float(claims.get("exp", 0)),
            signed.encode(), _decode(signature),
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise Refused("invalid assertion") from None


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
