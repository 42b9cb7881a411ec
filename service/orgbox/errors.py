"""What can go wrong, in the API's own words. No XML here: `soap.faults` and the encoders say it.

OrgboxError
  ApiFault        ends the whole call: an exceptionCode and its message
    QueryFault    an ApiFault that knows its row and column (ApiQueryFault in the WSDL)
  ProtocolFault   the envelope itself is wrong: a soapenv: fault without detail
  RecordError     refuses one record: a statusCode, a message, the fields concerned

Codes are those of the WSDL enumerations ExceptionCode and StatusCode; a test checks that every code
raised in the source is listed there.
"""

from collections.abc import Sequence


class OrgboxError(Exception):
    """Base of everything a client may be told."""


class ApiFault(OrgboxError):
    """Ends the call. `code` is an ExceptionCode, `kind` the fault type of the WSDL, if not the code's own."""

    def __init__(self, code: str, message: str, *, kind: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.kind = kind or FAULT_TYPES.get(code, "UnexpectedErrorFault")


class QueryFault(ApiFault):
    """An ApiFault with a place: row and column, -1 where the service names none."""

    def __init__(
        self, code: str, message: str, *, row: int = -1, column: int = -1, kind: str | None = None
    ) -> None:
        super().__init__(code, message, kind=kind)
        self.row = row
        self.column = column


class ProtocolFault(OrgboxError):
    """The message is not SOAP as this endpoint speaks it: `soapenv:<code>` and a text, no detail."""

    def __init__(self, message: str, *, code: str = "Client") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


PROTOCOL_CODES = ("Client", "MustUnderstand", "Server", "VersionMismatch")
"""Codes of faults that SOAP itself has (SOAP 1.1, 4.4.1)."""


class RecordError(OrgboxError):
    """Refuses one record of a call; becomes an Error in its SaveResult, UpsertResult or DeleteResult."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = tuple(fields)


FAULT_TYPES = {
    "INVALID_LOGIN": "LoginFault",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "LoginFault",
    "PASSWORD_LOCKOUT": "LoginFault",
    "API_DISABLED_FOR_ORG": "LoginFault",
    "INVALID_FIELD": "InvalidFieldFault",
    "INVALID_TYPE": "InvalidSObjectFault",
    "MALFORMED_QUERY": "MalformedQueryFault",
    "MALFORMED_SEARCH": "MalformedSearchFault",
    "INVALID_QUERY_LOCATOR": "InvalidQueryLocatorFault",
    "INVALID_ID_FIELD": "InvalidIdFault",
    "MALFORMED_ID": "InvalidIdFault",
    "INVALID_NEW_PASSWORD": "InvalidNewPasswordFault",
    "INVALID_OLD_PASSWORD": "InvalidOldPasswordFault",
}
"""Fault type of a code (behaviour: codes seen with their types); every other code is UnexpectedErrorFault."""

_CUSTOM = (
    " If you are attempting to use a custom {kind}, be sure to append the '{suffix}' after the "
    "{kind2} name."
)
_WSDL = " Please reference your WSDL or the describe call for the appropriate names."


def unknown_type_text(name: str) -> str:
    """The text for a name that is no SObject of the org."""
    return f"sObject type '{name}' is not supported." + (
        _CUSTOM.format(kind="object", suffix="__c", kind2="entity") + _WSDL
    )


def unknown_field_text(name: str, sobject: str) -> str:
    """The text for a name that is no field of the SObject."""
    return f"No such column '{name}' on entity '{sobject}'." + (
        _CUSTOM.format(kind="field", suffix="__c", kind2="custom field") + _WSDL
    )


def unknown_relationship_text(name: str, where: str = "field path") -> str:
    """The text for an unknown relationship; `where` is 'field path' or 'FROM part of query call'."""
    return f"Didn't understand relationship '{name}' in {where}." + (
        _CUSTOM.format(kind="relationship", suffix="__r", kind2="custom relationship") + _WSDL
    )


class CannotStart(RuntimeError):
    """The service cannot be started; the message says why, in one line."""
