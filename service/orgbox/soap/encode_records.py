"""Records as text, by a template for each shape and dialect.

Partner: `sf:type`, `sf:Id` (twice when selected, once nil when not), fields in SELECT order, nulls as
xsi:nil. Enterprise: xsi:type names the SObject, Id first, fields in ASCII order, nulls left out (recordings
of the same query against both dialects, 2011). This is the hottest code of the service: see `template`.
"""

from collections.abc import Callable, Sequence

from orgbox.soap.description import description
from orgbox.soap.dialects import ENTERPRISE, Dialect
from orgbox.soap.template import ESCAPED, PLAIN, Element, Row, Template, Whole, Writing, encoded
from orgbox.soap.text import escape
from orgbox.soql.shape import Answer, Children, Choice, Compound, Item, Parent, Shape, Value

WriteRow = Callable[[Row], str]

_NIL_ID = '<sf:Id xsi:nil="true"/>'
_ESCAPED = {"text", "binary", "compound"}
_ENCODED = {"number", "boolean"}
_MOST_KEPT = 2_000
_XSD_OF_AGGREGATE = {
    "text": "xsd:string", "id": "tns:ID", "boolean": "xsd:boolean", "date": "xsd:date",
    "moment": "xsd:dateTime", "time": "xsd:time",
}  # fmt: skip


class RecordEncoder:
    """Writes records of shapes in one dialect and version; keeps a template for each shape it has met."""

    def __init__(self, dialect: Dialect, version: int) -> None:
        self._dialect = dialect
        self._version = version
        self._kept: dict[tuple[Shape, str], Template] = {}

    def answer(self, name: str, answer: Answer) -> str:
        """A QueryResult in an element of that name."""
        typed = "" if self._dialect is ENTERPRISE and name == "result" else ' xsi:type="QueryResult"'
        locator = (
            '<queryLocator xsi:nil="true"/>'
            if answer.locator is None
            else f"<queryLocator>{answer.locator}</queryLocator>"
        )
        start = f"<{name}{typed}><done>{'true' if answer.done else 'false'}</done>{locator}"
        records = self._template("records", answer.shape).many(answer.rows)
        return "".join([start, *records, f"<size>{answer.size}</size></{name}>"])

    def rows(self, name: str, shape: Shape, rows: Sequence[Row]) -> str:
        """Records, each in an element of that name."""
        return "".join(self._template(name, shape).many(rows))

    def _template(self, name: str, shape: Shape) -> Template:
        key = (shape, name)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = self._make_template(name, shape)
        return found

    def _make_template(self, name: str, shape: Shape) -> Template:
        enterprise = self._dialect is ENTERPRISE
        kind = shape.sobject.name if shape.sobject else "AggregateResult"
        id_item = next((i for i in shape.items if isinstance(i, Value) and i.name == "Id"), None)
        items = [i for i in shape.items if not (enterprise and i is id_item)]
        if enterprise:
            if shape.sobject:  # AggregateResult has no order of its own
                items.sort(key=lambda item: item.name)
            start = f'<{name} xsi:type="sf:{kind}">'
        else:
            start = f'<{name} xsi:type="sf:sObject"><sf:type>{kind}</sf:type>'
        parts = [self._part(item, shape) for item in items]
        if id_item:
            parts.insert(0, self._element(id_item, typed=""))
        elif shape.id_index is not None:
            parts.insert(0, Element("<sf:Id>", "</sf:Id>", "", shape.id_index, PLAIN))
        else:  # the Id every record has, nil where it was not asked for and is not told unasked
            start += _NIL_ID
        return Template(start, parts, f"</{name}>")

    def _part(self, item: Item, shape: Shape) -> Element | Whole:
        match item:
            case Value():
                return self._element(item, "" if shape.sobject else _typed(item))
            case Parent():
                return Whole(self._parent(item))
            case Children():
                return Whole(self._children(item))
            case Choice():
                return Whole(self._choice(item))
            case Compound():
                return Whole(self._compound(item))

    def _element(self, item: Value, typed: str) -> Element:
        start, end = f"<sf:{item.name}{typed}>", f"</sf:{item.name}>"
        return Element(start, end, self._null(item.name), item.index, _writing(item))

    def _null(self, name: str) -> str:
        return "" if self._dialect is ENTERPRISE else f'<sf:{name} xsi:nil="true"/>'

    def _parent(self, item: Parent) -> WriteRow:
        null, present = self._null(item.name), item.present
        write = self._template(f"sf:{item.name}", item.shape).one
        return lambda row: null if row[present] is None else write(row)

    def _children(self, item: Children) -> WriteRow:
        null, name = self._null(item.name), f"sf:{item.name}"

        def write(row: Row) -> str:
            answer: Answer | None = row[item.index]
            return self.answer(name, answer) if answer and answer.size else null

        return write

    def _choice(self, item: Choice) -> WriteRow:
        null, name = self._null(item.name), f"sf:{item.name}"

        def write(row: Row) -> str:
            found: tuple[Shape, Row] | None = row[item.index]
            return null if found is None else self._template(name, found[0]).one(found[1])

        return write

    def _compound(self, item: Compound) -> WriteRow:
        """A compound value: null when all its parts are, or one of a place; else all members of its type."""
        missing = any if item.type.name == "location" else all
        null = self._null(item.name)
        start = f'<sf:{item.name} xsi:type="{item.type.name}">'
        known = description().as_of(self._version, self._dialect.name)
        parts = {value.name: value for value in item.parts}
        members = [(m.name, parts.get(m.name)) for m in known.members(item.type.name)]

        def part(name: str, value: Value | None, row: Row) -> str:
            if value is None or row[value.index] is None:
                return f'<{name} xsi:nil="true"/>'
            return f"<{name}>{escape(value.type.encode(row[value.index]))}</{name}>"

        def write(row: Row) -> str:
            if missing(row[value.index] is None for value in item.parts):
                return null
            inner = "".join(part(name, value, row) for name, value in members)
            return f"{start}{inner}</sf:{item.name}>"

        return write


def _typed(item: Value) -> str:
    """The xsi:type of a value of AggregateResult, whose WSDL type does not tell."""
    xsd = _XSD_OF_AGGREGATE.get(item.type.family, item.type.soap_type)
    return f' xsi:type="{xsd.removeprefix("tns:")}"'


def _writing(item: Value) -> Writing:
    if item.type.family in _ESCAPED:
        return ESCAPED
    return encoded(item.type.encode) if item.type.family in _ENCODED else PLAIN
