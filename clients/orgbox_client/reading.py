"""Records and batches from the XML of an answer, of either dialect.

zeep reads untyped children that carry an xsi:type without their names, and for enterprise records fills
in hundreds of empty fields; so the records of query(), queryMore() and retrieve() are read here, in a
fraction of zeep's time: what to do with an element is worked out once for each field of an SObject.
Differences between the dialects end here too: nulls are left out, the Id comes once.
"""

from collections.abc import Callable
from typing import Any

from lxml import etree

from orgbox_client.query import Batch, QueryResult
from orgbox_client.records import Record
from orgbox_client.sobjects import SObject
from orgbox_client.values import reader

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TYPE, _NIL = _XSI + "type", _XSI + "nil"


class _Fields(dict[str, tuple[str, Callable[[str], Any]]]):
    """The fields of an SObject as they are met: tag -> name, and how to read a text of the declared type."""

    def __init__(self, sobject: SObject) -> None:
        super().__init__()
        self.sobject = sobject

    def __missing__(self, tag: str) -> tuple[str, Callable[[str], Any]]:
        name = tag.rpartition("}")[2]
        known = self[tag] = name, reader(self.sobject.types.get(name, ""))
        return known


class RecordReader:
    """Reads records. `sobject_of` tells of an SObject by name, `more` fetches a further batch."""

    def __init__(
        self, namespace: str, sobject_of: Callable[[str], SObject], more: Callable[[str], Batch[Record]]
    ) -> None:
        self._namespace = namespace
        self._sobject_of = sobject_of
        self._more = more
        self._fields: dict[str, _Fields] = {}

    def batch(self, element: etree._Element) -> Batch[Record]:
        """A QueryResult, in whatever element."""
        done, locator, *records, size = element
        return Batch([self._record(r) for r in records], int(size.text or 0), locator.text)

    def record(self, element: etree._Element) -> Record | None:
        """One record; None for nil."""
        return None if _is_nil(element) else self._record(element)

    def _record(self, element: etree._Element) -> Record:
        children = iter(element)
        name = element.get(_TYPE, "").rpartition(":")[2]
        if name == "sObject":
            name = next(children).text or ""
        fields = self._fields_of(name)
        values = {}
        for child in children:
            key, read = fields[child.tag]
            text = child.text
            if text is not None and child.get(_TYPE) is None and not len(child):
                values[key] = read(text)
            elif not _is_nil(child):
                values[key] = self._value(child, read)
        return Record(fields.sobject, values)

    def _fields_of(self, name: str) -> _Fields:
        if name not in self._fields:
            self._fields[name] = _Fields(self._sobject_of(name))
        return self._fields[name]

    def _value(self, element: etree._Element, read: Callable[[str], Any]) -> object:
        """What is not a plain text: a list, a record, a compound value, or a text that says its type."""
        namespace, name = _type_of(element)
        if name == "QueryResult":
            return QueryResult(self.batch(element), self._more)
        if namespace == self._namespace:
            return self._record(element)
        if len(element):
            return _compound(element, name)
        return (reader(name) if name else read)(element.text or "")


_PARTS = {"latitude": "double", "longitude": "double"}


def _compound(element: etree._Element, name: str) -> Record:
    """A compound value such as Address."""
    parts = {etree.QName(part).localname: part for part in element if not _is_nil(part)}
    values = {key: reader(_PARTS.get(key, ""))(part.text or "") for key, part in parts.items()}
    return Record(SObject(name), values)


def _is_nil(element: etree._Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _type_of(element: etree._Element) -> tuple[str | None, str]:
    """Namespace and local name of the xsi:type; None and "" without one."""
    prefix, _, name = element.get(_TYPE, "").rpartition(":")
    return (element.nsmap.get(prefix or None) if name else None), name
