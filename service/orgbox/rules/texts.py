"""Refusals that several SObjects share, in the platform's words."""

from orgbox.errors import RecordError


def no_access_to_reference() -> RecordError:
    """The caller may not touch the record this one points to."""
    return RecordError(
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "insufficient access rights on cross-reference id",
    )


def no_access() -> RecordError:
    """The caller may not touch this record."""
    return RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
