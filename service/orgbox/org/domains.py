"""Domains of e-mail addresses in the one form by which they are compared."""


def ascii_domain(text: str) -> str:
    """The domain in lower case and in ASCII (IDNA); what has no such form is only lower-cased."""
    domain = text.lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def readable_domain(domain: str) -> str:
    """The domain as people write it; what is no form of one is left as it is."""
    try:
        return domain.encode("ascii").decode("idna") if "xn--" in domain else domain
    except UnicodeError:
        return domain
