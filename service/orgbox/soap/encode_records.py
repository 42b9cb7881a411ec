"""Records as text: one function for each shape and dialect, made once from an f-string.

Partner: `sf:type`, `sf:Id` (twice when selected, once nil when not), fields in SELECT order, nulls as
xsi:nil. Enterprise: xsi:type names the SObject, Id first, fields in ASCII order, nulls left out (recordings
of the same query against both dialects, 2011). This is the hottest code of the service: a 2,000-record
batch is one list of f-strings.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from orgbox.soap.description import description
from orgbox.soap.dialects import ENTERPRISE, Dialect
from orgbox.soap.text import escape
from orgbox.soql.shape import Answer, Children, Choice, Compound, Item, Parent, Shape, Value

Row = Sequence[Any]
WriteRow = Callable[[Row], str]

_NIL_ID = '<sf:Id xsi:nil="true"/>'
_ESCAPED = {"text", "binary", "compound"}
_XSD_OF_AGGREGATE = {
    "text": "xsd:string", "id": "tns:ID", "boolean": "xsd:boolean", "date": "xsd:date",
    "moment": "xsd:dateTime", "time": "xsd:time",
}  # fmt: skip


class RecordEncoder:
    """Writes records of shapes in one dialect and version; keeps a function for each shape it has met."""

    def __init__(self, dialect: Dialect, version: int) -> None:
        self._dialect = dialect
        self._version = version
        self._kept: dict[tuple[Shape, str], WriteRow] = {}

    def answer(self, name: str, answer: Answer) -> str:
        """A QueryResult in an element of that name."""
        typed = "" if self._dialect is ENTERPRISE and name == "result" else ' xsi:type="QueryResult"'
        locator = (
            '<queryLocator xsi:nil="true"/>'
            if answer.locator is None
            else f"<queryLocator>{answer.locator}</queryLocator>"
        )
        done = "true" if answer.done else "false"
        records = self.rows("records", answer.shape, answer.rows)
        return (
            f"<{name}{typed}><done>{done}</done>{locator}{records}<size>{answer.size}</size></{name}>"
        )

    def rows(self, name: str, shape: Shape, rows: Iterable[Row]) -> str:
        """Records, each in an element of that name."""
        write = self.writer(name, shape)
        return "".join([write(row) for row in rows])

    def writer(self, name: str, shape: Shape) -> WriteRow:
        """The function that writes one record of a shape in an element of that name."""
        key = (shape, name)
        if key not in self._kept:
            if len(self._kept) > 2_000:
                self._kept.clear()
            self._kept[key] = self._compile(name, shape)
        return self._kept[key]

    def _compile(self, name: str, shape: Shape) -> WriteRow:
        source = _Source()
        body = self._record(source, name, shape)
        code = f"lambda row: {body}"
        return eval(code, source.names)  # type: ignore[no-any-return]

    def _record(self, source: "_Source", name: str, shape: Shape) -> str:
        """The f-string expression for one record."""
        enterprise = self._dialect is ENTERPRISE
        kind = shape.sobject.name if shape.sobject else "AggregateResult"
        id_item = next((i for i in shape.items if isinstance(i, Value) and i.name == "Id"), None)
        items = [i for i in shape.items if not (enterprise and i is id_item)]
        if enterprise:
            if shape.sobject:  # AggregateResult has no order of its own
                items.sort(key=lambda item: item.name)
            start = source.literal(f'<{name} xsi:type="sf:{kind}">')
        else:
            start = source.literal(f'<{name} xsi:type="sf:sObject"><sf:type>{kind}</sf:type>')
        first = self._first_id(source, shape, id_item)
        parts = [f"{{{start}}}", first, *(self._item(source, item, shape) for item in items)]
        return 'f"' + "".join(parts) + f'{{{source.literal(f"</{name}>")}}}"'

    def _first_id(self, source: "_Source", shape: Shape, id_item: Value | None) -> str:
        """The Id every record has: nil where it was not asked for and is not told unasked."""
        if id_item:
            return self._value(source, id_item, None)
        if shape.id_index is None:
            return f"{{{source.literal(_NIL_ID)}}}"
        start, end = source.literal("<sf:Id>"), source.literal("</sf:Id>")
        return f"{{{start}}}{{row[{shape.id_index}]}}{{{end}}}"

    def _item(self, source: "_Source", item: Item, shape: Shape) -> str:
        match item:
            case Value():
                return self._value(source, item, shape)
            case Parent():
                inner = source.add(self.writer(f"sf:{item.name}", item.shape))
                null = self._null(source, item.name)
                return f"{{{null} if row[{item.present}] is None else {inner}(row)}}"
            case Children():
                write = source.add(self._children(item.name))
                return f"{{{write}(row[{item.index}])}}"
            case Choice():
                write = source.add(self._choice(item.name))
                return f"{{{write}(row[{item.index}])}}"
            case Compound():
                write = source.add(self._compound(item))
                return f"{{{write}(row)}}"

    def _value(self, source: "_Source", item: Value, shape: Shape | None) -> str:
        typed = ""
        if shape is not None and shape.sobject is None:
            xsd = _XSD_OF_AGGREGATE.get(item.type.family, item.type.soap_type)
            typed = f' xsi:type="{xsd.removeprefix("tns:")}"'
        start = source.literal(f"<sf:{item.name}{typed}>")
        end = source.literal(f"</sf:{item.name}>")
        null = self._null(source, item.name)
        value = f"row[{item.index}]"
        if item.type.family in _ESCAPED:
            text = f"{source.add(escape)}({value})"
        elif item.type.family in ("number", "boolean"):
            text = f"{source.add(item.type.encode)}({value})"
        else:
            text = value
        return f"{{{null} if {value} is None else {start} + {text} + {end}}}"

    def _null(self, source: "_Source", name: str) -> str:
        text = "" if self._dialect is ENTERPRISE else f'<sf:{name} xsi:nil="true"/>'
        return source.literal(text)

    def _children(self, name: str) -> Callable[[Answer | None], str]:
        null = "" if self._dialect is ENTERPRISE else f'<sf:{name} xsi:nil="true"/>'

        def write(answer: Answer | None) -> str:
            return self.answer(f"sf:{name}", answer) if answer and answer.size else null

        return write

    def _choice(self, name: str) -> Callable[[tuple[Shape, Row] | None], str]:
        null = "" if self._dialect is ENTERPRISE else f'<sf:{name} xsi:nil="true"/>'

        def write(found: tuple[Shape, Row] | None) -> str:
            if found is None:
                return null
            shape, row = found
            return self.writer(f"sf:{name}", shape)(row)

        return write

    def _compound(self, item: Compound) -> WriteRow:
        """A compound value: null when all its parts are, else every member that its type has."""
        null = "" if self._dialect is ENTERPRISE else f'<sf:{item.name} xsi:nil="true"/>'
        start = f'<sf:{item.name} xsi:type="{item.type.name}">'
        known = description().as_of(self._version, self._dialect.name)
        parts = {value.name: value for value in item.parts}
        members = [(m.name, parts.get(m.name)) for m in known.members(item.type.name)]

        def part(name: str, value: Value | None, row: Row) -> str:
            if value is None or row[value.index] is None:
                return f'<{name} xsi:nil="true"/>'
            return f"<{name}>{escape(value.type.encode(row[value.index]))}</{name}>"

        def write(row: Row) -> str:
            if all(row[value.index] is None for value in item.parts):
                return null
            inner = "".join(part(name, value, row) for name, value in members)
            return f"{start}{inner}</sf:{item.name}>"

        return write


class _Source:
    """Names that a generated expression may use, and what they stand for."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}

    def add(self, value: Any) -> str:
        name = f"v{len(self.names)}"
        self.names[name] = value
        return name

    def literal(self, text: str) -> str:
        """A name for a text; equal texts share one."""
        for name, value in self.names.items():
            if value == text and isinstance(value, str):
                return name
        return self.add(text)
