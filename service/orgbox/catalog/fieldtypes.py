"""One row per API field type: how it is described, stored, read, written and asked for.

Stored values are what the database returns and the encoders take: text for ids, texts, dates and
moments; int, float and bool for the rest. Dates are `YYYY-MM-DD`, times `hh:mm:ss.sssZ`, moments
`YYYY-MM-DDThh:mm:ss.sssZ` (UTC), so that text order is time order and an answer needs no conversion.
Empty text is never stored: the platform keeps it as null.
Source: fieldType and soapType of the partner WSDL; describe of Lead at API 41.0 for the pairs.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, String, Text
from sqlalchemy.types import TypeEngine

from orgbox import ids
from orgbox.clock import moment_text
from orgbox.frozen import entity

Value = str | int | float | bool | None
"""A stored value."""


@entity
class FieldType:
    """A row of TYPES. `family` groups types that compare alike: text, id, number, boolean, date, …

    `decode` turns the text of an element into a stored value and raises ValueError; `encode` turns a
    stored value into text that may still need XML escaping. `column` is None for compound types.
    `folded` says that text compares without regard to case.
    """

    name: str
    soap_type: str
    family: str
    column: TypeEngine[Any] | None
    decode: Callable[[str], Value]
    encode: Callable[..., str]
    folded: bool = False
    summable: bool = False
    comparable: bool = True

    def __repr__(self) -> str:
        return self.name

    @property
    def aggregatable(self) -> bool:
        """Whether COUNT, COUNT_DISTINCT, MIN and MAX may take it (SOQL reference, Aggregate Functions)."""
        return self.comparable and self.family not in ("boolean", "time")


def fold(text: str) -> str:
    """Text as it compares: NFC, each character in its upper case where that is one character.

    Upper case gives the documented sort order of English locales; one to one keeps `_` in LIKE one
    character.
    """
    if text.isascii():
        return text.upper()
    return _fold_name(text) if len(text) <= _LONGEST_NAME else _fold(text)


def _fold(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(up if len(up := c.upper()) == 1 else c for c in composed)


_LONGEST_NAME = 100
_fold_name = lru_cache(maxsize=16_384)(_fold)
"""Names and addresses come again and again; long texts would only fill the memory."""


def _text(text: str) -> str | None:
    return text or None


def _id(text: str) -> str | None:
    if not text:
        return None
    normal = ids.normalize(text)
    if normal is None:
        raise ValueError(text)
    return normal


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _boolean(text: str) -> bool | None:
    try:
        return _BOOLEANS[text.strip().lower()] if text.strip() else None
    except KeyError:
        raise ValueError(text) from None


_INT = re.compile(r"[+-]?\d{1,10}")
_DOUBLE = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


def _int(text: str) -> int | None:
    stripped = text.strip()
    if not stripped:
        return None
    if not _INT.fullmatch(stripped) or not -(2**31) <= int(stripped) < 2**31:
        raise ValueError(text)
    return int(stripped)


def _double(text: str) -> float | None:
    stripped = text.strip()
    if not stripped:
        return None
    if not _DOUBLE.fullmatch(stripped):
        raise ValueError(text)
    return float(stripped)


def _date(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    return date.fromisoformat(stripped[:10]).isoformat() if len(stripped) >= 10 else _refuse(text)


def _moment(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    if len(stripped) < 19 or stripped[10] not in "Tt":
        raise ValueError(text)
    moment = datetime.fromisoformat(stripped)
    return moment_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _time(text: str) -> str | None:
    stripped = text.strip()
    if not stripped:
        return None
    moment = time.fromisoformat(stripped)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _refuse(text: str) -> str:
    raise ValueError(text)


def _same(value: str) -> str:
    return value


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"


def _write_double(value: float) -> str:
    """As Java writes a double: 4.0, 350000.0, 1.0E7."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, _, exponent = f"{value:.17e}".partition("e")
    shortest = repr(float(value) / 10.0 ** int(exponent)) if abs(int(exponent)) < 300 else mantissa
    return f"{shortest}E{int(exponent)}"


def _string(length: int | None = None) -> TypeEngine[Any]:
    """Text that compares by its bytes, on either database."""
    plain: TypeEngine[Any] = String(length) if length else Text()
    return plain.with_variant(
        String(length, collation="C") if length else Text(collation="C"), "postgresql"
    )


ID_COLUMN = _string(18)
TEXT_COLUMN = _string()


def _words(name: str, *, folded: bool = True, comparable: bool = True) -> FieldType:
    return FieldType(
        name, "xsd:string", "text", TEXT_COLUMN, _text, _same, folded=folded, comparable=comparable
    )


TYPES: dict[str, FieldType] = {
    row.name: row
    for row in (
        FieldType("id", "tns:ID", "id", ID_COLUMN, _id, _same),
        FieldType("reference", "tns:ID", "id", ID_COLUMN, _id, _same),
        _words("string"),
        _words("picklist"),
        _words("combobox"),
        _words("textarea"),
        _words("phone"),
        _words("email"),
        _words("url"),
        _words("multipicklist", comparable=False),
        _words("encryptedstring", folded=False, comparable=False),
        _words("anyType", folded=False, comparable=False),
        FieldType(
            "base64", "xsd:base64Binary", "binary", TEXT_COLUMN, _text, _same, comparable=False
        ),
        FieldType("boolean", "xsd:boolean", "boolean", Boolean(), _boolean, _write_boolean),
        FieldType("int", "xsd:int", "number", BigInteger(), _int, str, summable=True),
        FieldType("double", "xsd:double", "number", Float(53), _double, _write_double, summable=True),
        FieldType(
            "currency", "xsd:double", "number", Float(53), _double, _write_double, summable=True
        ),
        FieldType(
            "percent", "xsd:double", "number", Float(53), _double, _write_double, summable=True
        ),
        FieldType("date", "xsd:date", "date", TEXT_COLUMN, _date, _same),
        FieldType("datetime", "xsd:dateTime", "moment", TEXT_COLUMN, _moment, _same),
        FieldType("time", "xsd:time", "time", TEXT_COLUMN, _time, _same),
        FieldType("address", "tns:address", "compound", None, _refuse, _same, comparable=False),
        FieldType("location", "tns:location", "compound", None, _refuse, _same, comparable=False),
    )
}
