"""The SELECT list of a query for records: fields, FIELDS(), written forms, children, TYPEOF.

Source: SOQL reference, SELECT, FIELDS(), TYPEOF, Using Relationship Queries.
"""

from collections.abc import Callable

from orgbox.catalog import SObject
from orgbox.errors import (
    ApiFault,
    unknown_field_text,
    unknown_relationship_text,
    unknown_type_text,
)
from orgbox.soql.bound import BoundSelect, ChildRecords, ChosenRecord
from orgbox.soql.calls import function_of, misplaced, operand_of
from orgbox.soql.errors import bare_fault
from orgbox.soql.formats import WRITING, written
from orgbox.soql.functions import AGGREGATE
from orgbox.soql.layout import Layout
from orgbox.soql.names import NAME_OBJECT, Names
from orgbox.soql.nodes import Call, Distance, Item, Name, Select, Sum, TypeOf
from orgbox.soql.operands import Branch, Column
from orgbox.soql.shape import Children, Choice
from orgbox.soql.viewer import Viewer

ChildBinder = Callable[[Select, SObject], BoundSelect]
"""Binds a child subquery, given the SObject of its records."""

_MOST_CHILDREN = 20
_FIELD_GROUPS = {"all": (True, False), "standard": (False,), "custom": (True,)}
_FIRST_TYPEOF = 46


class SelectList:
    """Lays out the items of one SELECT; `all_fields` is whether FIELDS() has custom ones."""

    def __init__(self, names: Names, layout: Layout, viewer: Viewer, child: ChildBinder) -> None:
        self._names = names
        self._layout = layout
        self._viewer = viewer
        self._child = child
        self.all_fields = False
        self._unnamed = 0

    def add(self, item: Item) -> None:
        """Add one item."""
        value = item.value
        if isinstance(value, Select):
            self._children(value, item)
        elif isinstance(value, TypeOf):
            self._typeof(value)
        elif isinstance(value, Distance | Sum):
            operand = operand_of(self._names, value)
            self._layout.add(operand, alias=item.alias.text if item.alias else self._expression_name())
        elif isinstance(value, Call):
            self._call(value, item)
        elif item.alias:
            raise bare_fault("only aggregate expressions use field aliasing")
        else:
            self._layout.add(self._names.resolve(value))

    def _expression_name(self) -> str:
        """expr0, expr1 … for what has neither field nor alias."""
        self._unnamed += 1
        return f"expr{self._unnamed - 1}"

    def _call(self, call: Call, item: Item) -> None:
        if call.function.lower() == "fields":
            self._fields(call)
            return
        if call.argument is None or function_of(self._names, call).kind not in WRITING:
            raise self._not_for_records(call)
        operand, type_ = written(self._names, call, self._viewer)
        self._layout.add(operand, type_, item.alias.text if item.alias else "")

    def _not_for_records(self, call: Call) -> ApiFault:
        if call.argument is None:
            return misplaced(self._names, call)
        if function_of(self._names, call).kind == AGGREGATE:
            return misplaced(self._names, call)
        operand_of(self._names, call)
        return bare_fault(f"Field must be grouped or aggregated: {call.text}")

    def _fields(self, call: Call) -> None:
        """FIELDS(STANDARD), FIELDS(CUSTOM), FIELDS(ALL)."""
        group = call.argument.text if isinstance(call.argument, Name) else call.text
        wanted = _FIELD_GROUPS.get(group.lower())
        if wanted is None:
            raise bare_fault(
                "The SOQL FIELDS function only supports arguments of (all), (custom), (standard); "
                f"({group}) is not supported."
            )
        chosen = [f for f in self._names.root.sobject.fields if f.custom in wanted]
        if not chosen:
            raise bare_fault(
                "'FIELDS(...)' expansion function must result in at least one field being selected."
            )
        for field in chosen:
            self._layout.add(self._names.root.column(field))
        self.all_fields = self.all_fields or True in wanted

    def _children(self, select: Select, item: Item) -> None:
        if item.alias:
            raise bare_fault("only aggregate expressions use field aliasing")
        name = self._names.segments(select.sources[0].name)
        root = self._names.root.sobject
        for found in self._names.catalog.child_relationships[root.name]:
            if len(name) == 1 and found.name and found.name.lower() == name[0].lower():
                break
        else:
            text = unknown_relationship_text(".".join(name), "FROM part of query call")
            raise self._names.fault("INVALID_TYPE", text, select.sources[0].offset)
        if len(self._layout.attachments) >= _MOST_CHILDREN:
            text = f"A query can have at most {_MOST_CHILDREN} child subqueries"
            raise self._names.fault("MALFORMED_QUERY", text, item.offset)
        child = self._names.catalog[found.child]
        bound = self._child(select, child)
        reference = bound.root.column(child.by_name[found.field.lower()])
        self._layout.attach(str(found.name), Children, ChildRecords(bound, reference))

    def _typeof(self, typeof: TypeOf) -> None:
        via = self._names.root.sobject.parents.get(typeof.field.text.lower())
        if via is None:
            text = unknown_relationship_text(typeof.field.text)
            raise self._names.fault("INVALID_FIELD", text, typeof.field.offset)
        targets = {s.name: s for s in map(self._names.catalog.get, via.reference_to) if s}
        if not via.polymorphic or self._viewer.version < _FIRST_TYPEOF:
            text = f"TYPEOF is not allowed on the relationship '{typeof.field.text}'"
            raise self._names.fault("MALFORMED_QUERY", text, typeof.field.offset)
        chosen = {when.type.text.lower(): when.fields for when in typeof.whens}
        for when in typeof.whens:
            if when.type.text.lower() not in map(str.lower, targets):
                text = unknown_type_text(when.type.text)
                raise self._names.fault("INVALID_TYPE", text, when.type.offset)
        selects = []
        for target in targets.values():
            fields = chosen.get(target.name.lower())
            if target.key_prefix and (fields or typeof.otherwise):
                bound = self._record(target, fields, typeof.otherwise)
                selects.append((target.key_prefix, bound))
        reference = self._names.root.column(via)
        self._layout.place(reference)
        name = via.relationship_name or via.name
        self._layout.attach(name, Choice, ChosenRecord(reference, tuple(selects)))

    def _record(
        self, target: SObject, fields: tuple[Name, ...] | None, otherwise: tuple[Name, ...]
    ) -> BoundSelect:
        """The fields of one type: those of its WHEN, or of ELSE, which are fields of Name."""
        names = Names(self._names.text, self._names.catalog, target)
        layout = Layout(names.root)
        for name in fields or ():
            layout.add(names.resolve(name))
        for name in () if fields else otherwise:
            column = self._else_field(names.root, name)
            if column is not None:
                layout.add(column)
        return BoundSelect(names.root, tuple(names.branches), tuple(layout.columns), layout.shape())

    def _else_field(self, root: Branch, name: Name) -> Column | None:
        field = NAME_OBJECT.field(name.text)
        if field is None:
            text = unknown_field_text(name.text, "Name")
            raise self._names.fault("INVALID_FIELD", text, name.offset)
        own = root.sobject.name_field if field.name == "Name" else root.sobject.field(field.name)
        return root.column(own) if own is not None else None
