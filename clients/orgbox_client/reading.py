"""Records and batches from the XML of an answer, of either dialect.

zeep reads untyped children that carry an xsi:type without their names, and for enterprise records fills
in hundreds of empty fields; so the records of query(), queryMore() and retrieve() are read here.
Differences between the dialects end here too: nulls are left out, the Id comes once.
"""

from collections.abc import Callable

from lxml import etree

from orgbox_client.query import Batch, QueryResult
from orgbox_client.records import Record
from orgbox_client.sobjects import SObject
from orgbox_client.values import decode

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class RecordReader:
    """Reads records. `sobject_of` tells of an SObject by name, `more` fetches a further batch."""

    def __init__(
        self, namespace: str, sobject_of: Callable[[str], SObject], more: Callable[[str], Batch[Record]]
    ) -> None:
        self._namespace = namespace
        self._sobject_of = sobject_of
        self._more = more

    def batch(self, element: etree._Element) -> Batch[Record]:
        """A QueryResult, in whatever element."""
        done, locator, *records, size = element
        return Batch([self._record(r) for r in records], int(size.text or 0), locator.text)

    def record(self, element: etree._Element) -> Record | None:
        """One record; None for nil."""
        return None if _is_nil(element) else self._record(element)

    def _record(self, element: etree._Element) -> Record:
        named = element[0] if _type_of(element)[1] == "sObject" else None
        name = _type_of(element)[1] if named is None else named.text
        sobject = self._sobject_of(name or "")
        values = {}
        for child in element:
            if child is not named and not _is_nil(child):
                key = etree.QName(child).localname
                values[key] = self._value(child, sobject.types.get(key, ""))
        return Record(sobject, values)

    def _value(self, element: etree._Element, declared: str) -> object:
        namespace, name = _type_of(element)
        if name == "QueryResult":
            return QueryResult(self.batch(element), self._more)
        if namespace == self._namespace:
            return self._record(element)
        if len(element):
            return _compound(element, name)
        return decode(element.text or "", name or declared)


_PARTS = {"latitude": "double", "longitude": "double"}


def _compound(element: etree._Element, name: str) -> Record:
    """A compound value such as Address."""
    parts = {etree.QName(part).localname: part for part in element if not _is_nil(part)}
    values = {key: decode(part.text or "", _PARTS.get(key, "")) for key, part in parts.items()}
    return Record(SObject(name), values)


def _is_nil(element: etree._Element) -> bool:
    return element.get(_XSI + "nil") in ("true", "1")


def _type_of(element: etree._Element) -> tuple[str | None, str]:
    """Namespace and local name of the xsi:type; None and "" without one."""
    prefix, _, name = element.get(_XSI + "type", "").rpartition(":")
    return (element.nsmap.get(prefix or None) if name else None), name
