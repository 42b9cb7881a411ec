"""What the catalogue alone says against a record: writable, required, long, listed, pointing somewhere.

Texts are the platform's (errors seen on SOAP, REST and Apex; the texts are shared).
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from orgbox import ids
from orgbox.catalog.sobject import Field
from orgbox.errors import RecordError
from orgbox.org.org import Org
from orgbox.org.rulebook import Record

_ALNUM = r"[^\x00-/:-@\[-`{-\x7f]"
_ALNUM_OR_HYPHEN = r"[^\x00-,./:-@\[-`{-\x7f]"
_LETTER = r"[^\x00-@\[-`{-\x7f]"
_ADDRESS = re.compile(
    rf'[^\x00-\x20"(),:;<>@\[\\\]\x7f]{{1,64}}@'
    rf"(?:{_ALNUM}(?:{_ALNUM_OR_HYPHEN}{{0,61}}{_ALNUM})?\.)+{_LETTER}{_ALNUM_OR_HYPHEN}{{0,61}}{_ALNUM}"
)
"""What is not ASCII counts as a letter. Said by what is excluded: classes of wide ranges compile slowly."""
_LAST = "\uffff"


def is_email_address(text: str) -> bool:
    """Whether the text is one address: a local part, an @, a domain with a dot."""
    local, _, _ = text.partition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return not dots and _ADDRESS.fullmatch(text) is not None and max(text) <= _LAST


def check_create(record: Record, *, truncate: bool) -> list[RecordError]:
    """Everything wrong with a record to be created, without looking at other rows."""
    if record.values.get("Id") is not None:
        code = "INVALID_FIELD_FOR_INSERT_UPDATE"
        return [RecordError(code, "cannot specify Id in an insert call", ["Id"])]
    fields = record.sobject.named
    names = [n for n in record.values if not fields[n].createable and n != "Id"]
    if names:
        return [_not_writable(names)]
    return check_values(record, truncate=truncate)


def check_values(record: Record, *, truncate: bool) -> list[RecordError]:
    """What is wrong with the values of a new record, whoever may set which."""
    missing = [name for name in record.sobject.required if record.values.get(name) is None]
    return [_missing(missing)] if missing else _value_errors(record, truncate)


def check_update(record: Record, *, truncate: bool) -> list[RecordError]:
    """Everything wrong with the values an update sends, without looking at other rows."""
    fields = record.sobject.named
    names = [n for n in record.values if not fields[n].updateable and n != "Id"]
    names += [
        n for n, v in record.values.items()
        if v is None and fields[n].updateable and not fields[n].nillable
        and fields[n].type.name == "boolean"
    ]  # fmt: skip
    if names:
        return [_not_writable(names)]
    missing = [
        n for n, v in record.values.items() if v is None and not fields[n].nillable
    ]
    if missing:
        return [_missing(missing)]
    return _value_errors(record, truncate)


def _not_writable(names: list[str]) -> RecordError:
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of "
        "this field and verify that it is read/write for your profile or permission set.",
        names,
    )


def _missing(names: list[str]) -> RecordError:
    text = f"Required fields are missing: [{', '.join(names)}]"
    return RecordError("REQUIRED_FIELD_MISSING", text, names)


def _value_errors(record: Record, truncate: bool) -> list[RecordError]:
    errors, fields = [], record.sobject.named
    for name, value in record.values.items():
        if value is None or name == "Id":
            continue
        f = fields[name]
        if f.type.family == "text" and len(value) > f.length > 0:
            if not truncate:
                text = f"{f.label}: data value too large: {value} (max length={f.length})"
                errors.append(RecordError("STRING_TOO_LONG", text, [name]))
                continue
            value = record.values[name] = value[: f.length]
        check = _CHECKS.get(f.type.name)
        if check and (error := check(f, value)):
            errors.append(error)
    return errors


def _email(f: Field, value: str) -> RecordError | None:
    if is_email_address(value):
        return None
    text = f"{f.label}: invalid email address: {value}"
    return RecordError("INVALID_EMAIL_ADDRESS", text, [f.name])


def _picklist(f: Field, value: str) -> RecordError | None:
    if not f.restricted_picklist or any(e.value == value for e in f.picklist):
        return None
    text = f"{f.label}: bad value for restricted picklist field: {value}"
    return RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, [f.name])


def _reference(f: Field, value: str) -> RecordError | None:
    if _normal(value) is not None:
        return None
    text = f"{f.label}: id value of incorrect type: {value}"
    return RecordError("MALFORMED_ID", text, [f.name])


_CHECKS: dict[str, Callable[[Field, str], RecordError | None]] = {
    "email": _email,
    "picklist": _picklist,
    "reference": _reference,
}


_normal = lru_cache(maxsize=1024)(ids.normalize)
"""Records of a call often point to the same one."""


def normalize_picklists(record: Record) -> None:
    """Give values of restricted picklists their written form: they are accepted in any case."""
    for name in record.values.keys() & record.sobject.restricted:
        value = record.values[name]
        if isinstance(value, str):
            folded, listed = value.casefold(), record.sobject.named[name].picklist
            record.values[name] = next((e.value for e in listed if e.value.casefold() == folded), value)


def normalize_references(record: Record, org: Org) -> Iterator[tuple[str, str]]:
    """Bring references to 18 characters; yields (SObject, Id) to be looked up.

    A reference to the wrong kind of record gets its error here.
    """
    pointing = record.sobject.references
    for name, value in record.values.items():
        if name not in pointing or value is None:
            continue
        f = record.sobject.named[name]
        normal = _normal(value)
        if normal and not f.reference_to:  # nobody knows where it leads
            record.values[name] = normal
            continue
        target = org.catalog.of_id(normal) if normal else None
        if normal is None or target is None or target.name not in f.reference_to:
            text = f"{f.label}: id value of incorrect type: {value}"
            record.errors.append(RecordError("FIELD_INTEGRITY_EXCEPTION", text, [name]))
            continue
        record.values[name] = normal
        if record.before.get(name) != normal:
            yield target.name, normal
