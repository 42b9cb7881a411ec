"""Which literal may stand beside which field, and what it becomes before it is compared.

Source: SOQL reference, Comparison Operators; the recorded answers of the service for wrong types.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from orgbox import ids
from orgbox.catalog.fieldtypes import FieldType, fold
from orgbox.catalog.sobject import Field
from orgbox.soql.bound import Convert
from orgbox.soql.literals import CHOICE, chosen
from orgbox.soql.nodes import Literal
from orgbox.soql.operands import Column, Operand, TypeColumn

_FITTING: dict[str, frozenset[str]] = {
    "text": frozenset({"string"}),
    "id": frozenset({"string"}),
    "number": frozenset({"integer", "decimal"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date", "word"}),
    "moment": frozenset({"datetime", "word"}),
    "time": frozenset({"time"}),
    "binary": frozenset({"string"}),
}
"""Kinds of literals by family of field types; null fits all."""

_NAMES = {"datetime": "dateTime", "currency": "double", "percent": "double"}


def misfit(operand_name: str, type_: FieldType, literal: Literal) -> str | None:
    """The service's text if the literal is of a kind the field does not compare with, else None."""
    if literal.kind == "null" or literal.kind in _FITTING[type_.family]:
        return None
    if type_.family in ("text", "id", "binary"):
        return (
            f"value of filter criterion for field '{operand_name}' "
            "must be of type string and should be enclosed in quotes"
        )
    return (
        f"value of filter criterion for field '{operand_name}' "
        f"must be of type {_NAMES.get(type_.name, type_.name)} and should not be enclosed in quotes"
    )


def converter(operand: Operand, operator: str = "=") -> Convert:
    """How literals beside the operand become values."""
    if isinstance(operand, TypeColumn) and operator in ("=", "!="):
        return partial(_prefix, {name.lower(): prefix for prefix, name in operand.prefixes})
    if isinstance(operand, Column):
        return _for_field(operand.field, operator)
    return _folded if operand.type.folded else _BY_FAMILY[operand.type.family]


def _for_field(field: Field, operator: str) -> Convert:
    if field.restricted_picklist and operator in ("=", "!="):
        return partial(_canonical, {fold(e.value): e.value for e in field.picklist})
    if field.shadow and not field.case_sensitive:
        return _folded
    if field.type.folded and not field.case_sensitive:
        return _upper
    return _BY_FAMILY[field.type.family]


class Choice:
    """Converts a literal of INCLUDES to a LIKE pattern for its value number `place`."""

    def __init__(self, operand: Operand, place: int) -> None:
        shadowed = isinstance(operand, Column) and operand.field.shadow
        self._fold = _folded if shadowed else _upper
        self._place = place

    def __call__(self, literal: Literal) -> str:
        value = chosen(literal)[self._place]
        folded = self._fold(replace(literal, value=value))
        return f"%{CHOICE}{_WILDCARD.sub(_ESCAPED, folded)}{CHOICE}%"


_WILDCARD, _ESCAPED = re.compile(r"([\\%_])"), r"\\\1"


def _folded(literal: Literal) -> str:
    return fold(str(literal.value))


def _upper(literal: Literal) -> str:
    """Upper case of ASCII letters alone, as both databases' `upper` has it."""
    text = str(literal.value)
    return "".join(c.upper() if c.isascii() else c for c in text)


def _canonical(values: dict[str, str], literal: Literal) -> str:
    """The picklist value meant; another text stays as it is and equals none."""
    return values.get(fold(str(literal.value)), str(literal.value))


def _prefix(prefixes: dict[str, str], literal: Literal) -> str:
    """The key prefix of the SObject named; a prefix no id has, if there is none."""
    return prefixes.get(str(literal.value).lower(), "---")


def _id(literal: Literal) -> str:
    normal = ids.normalize(str(literal.value))
    if normal is None:
        raise ValueError(f"invalid ID field: {literal.value}")
    return normal


def _number(literal: Literal) -> float:
    """All numbers of a list must be of one kind."""
    return float(str(literal.value))


def _plain(literal: Literal) -> object:
    return literal.value


_BY_FAMILY: dict[str, Callable[[Literal], object]] = {
    "id": _id,
    "text": _plain,
    "number": _number,
    "boolean": _plain,
    "date": _plain,
    "moment": _plain,
    "time": _plain,
    "binary": _plain,
}
