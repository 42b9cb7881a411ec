"""What a call answers when it does not do as asked: a fault ends it, errors refuse single records."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree
from zeep.exceptions import Fault

_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


class ApiFault(Exception):
    """The call as a whole was refused.

    `exception_code` is an ExceptionCode of the WSDL, or the faultcode of a message that was no call at
    all. `row` and `column` lead to the place in a query, -1 outside of one; None for kinds of faults
    that have no place.
    """

    def __init__(
        self, exception_code: str, message: str, row: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(f"{exception_code}: {message}")
        self.exception_code = exception_code
        self.message = message
        self.row = row
        self.column = column

    @classmethod
    def of(cls, fault: Fault) -> "ApiFault":
        """The fault that zeep met; its detail holds one element of a type of the WSDL."""
        detail = _texts(fault.detail) if etree.iselement(fault.detail) else {}
        place = [int(detail[name]) if name in detail else None for name in ("row", "column")]
        code = detail.get("exceptionCode") or str(fault.code).rpartition(":")[2]
        return cls(code, detail.get("exceptionMessage", fault.message), *place)


def _texts(detail: etree._Element) -> dict[str, str]:
    return {etree.QName(child).localname: child.text or "" for child in detail.iterfind("*/*")}


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one record was refused. `row` is its place in the call, from 0; `id` its Id, if it had one."""

    row: int
    id: str | None
    status_code: str
    message: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.status_code}, {self.message}: [{', '.join(self.fields)}]"


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What became of one record: SaveResult, UpsertResult, DeleteResult or UndeleteResult of the WSDL."""

    id: str | None
    success: bool
    errors: tuple[RowError, ...] = ()
    created: bool = False


class DmlException(Exception):
    """Records were refused. `errors` says which and why; those rolled back on their account are left out.

    Says of itself what Apex's DmlException says.
    """

    def __init__(self, verb: str, results: Sequence[SaveResult]) -> None:
        self.results = tuple(results)
        self.errors = tuple(e for result in results for e in result.errors if e.status_code != _ROLLED_BACK)
        first = self.errors[0]
        place = f"row {first.row}" + (f" with id {first.id}" if first.id else "")
        super().__init__(f"{verb} failed. First exception on {place}; first error: {first}")

    @property
    def status_code(self) -> str:
        """StatusCode of the first error."""
        return self.errors[0].status_code

    @property
    def message(self) -> str:
        """Text of the first error."""
        return self.errors[0].message

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that the first error is about."""
        return self.errors[0].fields


def read_results(results: Iterable[Any], ids: Sequence[str | None]) -> list[SaveResult]:
    """zeep's results as ours. `ids` are those sent, None for a record that had none."""
    return [
        SaveResult(
            result.id,
            result.success,
            tuple(RowError(row, sent, e.statusCode, e.message, tuple(e.fields)) for e in result.errors),
            bool(getattr(result, "created", False)),
        )
        for row, (result, sent) in enumerate(zip(results, ids, strict=True))
    ]
