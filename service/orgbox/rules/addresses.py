"""E-mail addresses as invitations compare them. The service documents no rule for the normalized form;
ours: blanks and a display name off, lower case, the domain in its ASCII (IDNA) form.
"""

from email.utils import parseaddr

from orgbox.org.domains import ascii_domain, readable_domain


def normalize(address: str) -> str:
    """The address by which two spellings are recognised as one."""
    text = address.strip()
    if text.endswith(">") and "<" in text:
        text = parseaddr(text)[1] or text
    if text.isascii():
        return text.lower()
    local, at, domain = text.lower().rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}"


def spellings(address: str) -> set[str]:
    """A normalized address, and the same with its domain as people write it."""
    local, at, domain = address.rpartition("@")
    return {address, f"{local}{at}{readable_domain(domain)}"}


def domain_of(address: str) -> str:
    """The domain of a normalized address."""
    return address.rpartition("@")[2]
