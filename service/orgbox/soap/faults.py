"""Faults on the wire: one exit for every error. Form as captured: `sf:CODE`, `CODE: message`, no faultactor,
one detail element with xsi:type; HTTP status 500.
"""

import itertools
import logging
import os
from functools import lru_cache

from spyne import Fault

from orgbox.errors import ApiFault, OrgboxError, ProtocolFault, QueryFault
from orgbox.soap.description import description
from orgbox.soap.dialects import Dialect
from orgbox.soap.text import escape

_log = logging.getLogger("orgbox.fault")
_numbers = itertools.count(1)
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
)
_TAIL = "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"


class WireFault(Fault):  # type: ignore[misc]
    """Carries one of our errors through Spyne."""

    def __init__(self, error: OrgboxError) -> None:
        super().__init__("Client", str(error))
        self.error = error


def unexpected(error: BaseException) -> ApiFault:
    """The fault for an error nobody foresaw; its number leads to the traceback in the log."""
    number = f"{os.getpid()}-{next(_numbers)}"
    _log.error("ErrorId %s", number, exc_info=error)
    return ApiFault(
        "UNKNOWN_EXCEPTION",
        f"An unexpected error occurred. Please include this ErrorId if you contact support: {number} (0)",
    )


def write_fault(error: OrgboxError, dialect: Dialect, version: int) -> str:
    """The whole answer that tells a client of an error."""
    if isinstance(error, ApiFault):
        return _api_fault(error, dialect, version)
    code = error.code if isinstance(error, ProtocolFault) else "Server"
    return (
        f"{_HEAD}><soapenv:Body><soapenv:Fault><faultcode>soapenv:{code}</faultcode>"
        f"<faultstring>{escape(str(error))}</faultstring>{_TAIL}"
    )


def _api_fault(fault: ApiFault, dialect: Dialect, version: int) -> str:
    code = known_code(fault.code, version)
    kind = fault.kind
    place = ""
    if isinstance(fault, QueryFault) and _has_place(kind):
        place = f"<sf:row>{fault.row}</sf:row><sf:column>{fault.column}</sf:column>"
    elif _has_place(kind):
        place = "<sf:row>-1</sf:row><sf:column>-1</sf:column>"
    message = escape(fault.message)
    return (
        f'{_HEAD} xmlns:sf="{dialect.fns}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body><soapenv:Fault><faultcode>sf:{code}</faultcode>"
        f"<faultstring>{code}: {message}</faultstring>"
        f'<detail><sf:{kind} xsi:type="sf:{kind}"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage>{place}</sf:{kind}></detail>{_TAIL}"
    )


@lru_cache(maxsize=64)
def _has_place(kind: str) -> bool:
    """Whether the fault type extends ApiQueryFault, whose row and column are required."""
    type_ = description().types.get(f"fns:{kind}")
    return type_ is not None and type_.base == "fns:ApiQueryFault"


_GENERAL = "UNKNOWN_EXCEPTION"


@lru_cache(maxsize=4096)
def known_code(code: str, version: int) -> str:
    """The ExceptionCode, or the general one where the version does not know it (it would kill a client)."""
    names = description().as_of(version).enumerations["fns:ExceptionCode"].names
    return code if code in names else _GENERAL


@lru_cache(maxsize=4096)
def known_status(code: str, version: int) -> str:
    """The StatusCode, or the general one where the version does not know it."""
    names = description().as_of(version).enumerations["StatusCode"].names
    return code if code in names else _GENERAL
