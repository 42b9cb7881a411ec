"""Names and numbers the platform gives to records of an org's own SObjects: auto numbers, the names of
people, and the Id where a custom object's record comes without a name.
"""

from collections.abc import Sequence

from orgbox.catalog.sobject import SObject
from orgbox.org.rulebook import Record
from orgbox.org.session import Session

_NUMBER_LENGTH = 8


def number(session: Session, sobject: SObject, records: Sequence[Record]) -> None:
    """Give the next numbers."""
    for f in [f for f in sobject.fields if f.auto_number]:
        lacking = [r for r in records if r.values.get(f.name) is None]
        org, counter = session.org, f"{sobject.name}.{f.name}"
        last = org.store.count_up(session.connection, org.number, counter, len(lacking))
        for n, record in enumerate(lacking, last - len(lacking) + 1):
            record.values[f.name] = f"{n:0{_NUMBER_LENGTH}}"


def name_people(sobject: SObject, records: Sequence[Record]) -> None:
    """Put together names that are made of parts, where a part is new."""
    name = sobject.name_field
    parts = [f.name for f in sobject.fields if name and f.compound == name.name]
    if name is None or name.createable or not {"FirstName", "LastName"} <= set(parts):
        return
    for record in records:
        if record.values.get(name.name) is None and record.values.keys() & set(parts):
            words = (record["FirstName"], record["LastName"])
            record.values[name.name] = " ".join(word for word in words if word) or None


def name_by_id(sobject: SObject, records: Sequence[Record]) -> None:
    """A record of a custom object without a name is named by its Id."""
    name = sobject.name_field
    if name and sobject.custom and name.type.family == "text":
        for record in records:
            if record.values.get(name.name) is None:
                record.values[name.name] = str(record.id)[:15]
