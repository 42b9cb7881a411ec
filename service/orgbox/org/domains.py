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
