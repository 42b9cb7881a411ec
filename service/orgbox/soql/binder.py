"""A parsed query against a catalogue: names resolved, every "you may not" said, shapes made.

`catalog` holds only what the caller's version and permissions let them see, so the forbidden is
refused by being unknown. Source: the SOQL reference, clause by clause; recorded answers for the
texts.
"""

from orgbox.catalog import Catalog, Field
from orgbox.errors import ApiFault
from orgbox.soql import nodes
from orgbox.soql.bound import BoundQuery, BoundSelect, Column, Given, Sort, Viewer
from orgbox.soql.conditions import Conditions
from orgbox.soql.errors import bare_fault, name_fault, unsupported_fault
from orgbox.soql.layout import Layout
from orgbox.soql.names import Names, names_of
from orgbox.soql.nodes import Call, Item, Literal, Name, Query, Select

_MOST_FIELDS_LIMIT = 200
_MOST_SUBSCRIPTIONS = 1_000
_FIELDS_LIMIT = "The SOQL FIELDS function must have a LIMIT of at most 200"
_SUBSCRIPTIONS = (
    "Implementation restriction: EntitySubscription only allows security evaluation for non-admin "
    "users when LIMIT is specified and at most 1000"
)


def bind(query: Query, catalog: Catalog, viewer: Viewer, *, all_rows: bool = False) -> BoundQuery:
    """The query with its names resolved. Raises QueryFault or ApiFault, placed where the service
    places it.
    """
    select = _Binder(query, catalog, viewer).root(query.select)
    return BoundQuery(select, viewer, query.literals, all_rows)


class _Binder:
    """Binds the SELECTs of one query."""

    def __init__(self, query: Query, catalog: Catalog, viewer: Viewer) -> None:
        self._query = query
        self._text = query.text
        self._catalog = catalog
        self._viewer = viewer

    def root(self, select: Select) -> BoundSelect:
        names = names_of(self._text, self._catalog, select.sources)
        self._refuse(select)
        layout = Layout(names.root)
        limit_at_most = None
        if select.counts:
            if select.order:
                raise bare_fault("COUNT() does not support ORDER BY")
        else:
            limit_at_most = self._items(select, names, layout)
        where = Conditions(names, self._join).bind(select.where) if select.where else None
        order = tuple(self._sort(key, names) for key in select.order)
        return BoundSelect(
            root=names.root,
            branches=tuple(names.branches),
            columns=tuple(layout.columns),
            shape=layout.shape(),
            where=where,
            order=order,
            limit=self._limit(select, names, limit_at_most),
            skip=self._skip(select, names),
            counts=select.counts,
        )

    def _refuse(self, select: Select) -> None:
        """What is understood and not done yet is refused by name."""
        for part, what in (
            (select.withs, "WITH"),
            (select.group, "GROUP BY"),
            (select.marks, "FOR VIEW"),
            (select.updates, "UPDATE"),
            (tuple(s.scope for s in select.sources if s.scope), "USING SCOPE"),
        ):
            if part:
                node = part[0] if isinstance(part, tuple) else part
                assert isinstance(node, nodes.Node)
                raise unsupported_fault(what, self._text, node.offset)

    def _items(self, select: Select, names: Names, layout: Layout) -> int | None:
        """Lay out the SELECT list; the largest LIMIT allowed, if FIELDS() limits it."""
        limit = None
        for item in select.items:
            if isinstance(item.value, Call) and item.value.function.lower() == "fields":
                limit = self._fields(item.value, names, layout) or limit
            else:
                self._item(item, names, layout)
        return limit

    def _item(self, item: Item, names: Names, layout: Layout) -> None:
        if not isinstance(item.value, Name):
            raise unsupported_fault("This expression", self._text, item.offset)
        if item.alias:
            raise bare_fault("only aggregate expressions use field aliasing")
        layout.add(names.resolve(item.value))

    def _fields(self, call: Call, names: Names, layout: Layout) -> int | None:
        """FIELDS(STANDARD), FIELDS(CUSTOM), FIELDS(ALL)."""
        group = call.argument.text if isinstance(call.argument, Name) else call.text
        wanted = _FIELD_GROUPS.get(group.lower())
        if wanted is None:
            raise bare_fault(
                "The SOQL FIELDS function only supports arguments of (all), (custom), (standard); "
                f"({group}) is not supported."
            )
        chosen = [f for f in names.root.sobject.fields if f.custom in wanted]
        if not chosen:
            raise bare_fault(
                "'FIELDS(...)' expansion function must result in at least one field being selected."
            )
        for field in chosen:
            layout.add(names.root.column(field))
        return _MOST_FIELDS_LIMIT if True in wanted else None

    def _sort(self, key: nodes.Order, names: Names) -> Sort:
        if not isinstance(key.value, Name):
            raise unsupported_fault("This expression", self._text, key.offset)
        operand = names.resolve(key.value)
        if isinstance(operand, Column) and not _is_sortable(operand.field):
            text = f"field '{operand.field.name}' can not be sorted in a query call"
            raise names.fault("MALFORMED_QUERY", text, key.offset)
        return Sort(operand, key.descending, key.nulls == "last")

    def _join(self, join: nodes.Join, outer: Names) -> BoundSelect:
        select = join.select
        names = names_of(self._text, self._catalog, select.sources)
        value = select.items[0].value
        column = names.resolve(value) if isinstance(value, Name) else None
        if not isinstance(column, Column) or column.branch.parent or column.type.family != "id":
            shown = value.text if isinstance(value, Name | Call) else ""
            text = f"Semi join sub-selects can only query id fields, cannot use: '{shown}'"
            raise outer.fault("MALFORMED_QUERY", text, value.offset)
        where = Conditions(names, None).bind(select.where) if select.where else None
        layout = Layout(names.root)
        return BoundSelect(names.root, tuple(names.branches), (column,), layout.shape(), where)

    def _limit(self, select: Select, names: Names, at_most: int | None) -> Given | None:
        literal = select.limit
        subscriptions = (
            names.root.sobject.name == "EntitySubscription" and not self._viewer.sees_all
        )
        most = _MOST_SUBSCRIPTIONS if subscriptions and not select.counts else None
        if literal is None:
            if at_most is not None:
                raise bare_fault(_FIELDS_LIMIT)
            if most is not None:
                raise bare_fault(_SUBSCRIPTIONS)
            return None
        given = Given(literal.index or 0, Bounded(min(at_most or _HUGE, most or _HUGE)))
        if _number(literal) < 0:
            raise name_fault(
                "MALFORMED_QUERY", "Limit must be a non-negative value", self._text, literal.offset
            )
        if _number(literal) > _HUGE:
            raise ApiFault("NUMBER_OUTSIDE_VALID_RANGE", "Value out of range for LIMIT")
        if at_most is not None and _number(literal) > at_most:
            raise bare_fault(_FIELDS_LIMIT)
        if most is not None and _number(literal) > most:
            raise bare_fault(_SUBSCRIPTIONS)
        return given

    def _skip(self, select: Select, names: Names) -> Given | None:
        literal = select.skip
        if literal is None:
            return None
        if _number(literal) < 0:
            text = "SOQL offset must be a non-negative value"
            raise name_fault("MALFORMED_QUERY", text, self._text, literal.offset)
        most = self._query.limits.query_offset
        if _number(literal) > most:
            text = f"Maximum SOQL offset allowed for apiName {names.root.sobject.name} is {most}"
            raise ApiFault("NUMBER_OUTSIDE_VALID_RANGE", text)
        return Given(literal.index or 0, Bounded(most))


_FIELD_GROUPS = {"all": (True, False), "standard": (False,), "custom": (True,)}
_HUGE = 2**31 - 1


class Bounded:
    """Converts the number of LIMIT or OFFSET; ValueError outside 0 to `most`."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, literal: Literal) -> int:
        number = _number(literal)
        if not 0 <= number <= self.most:
            raise ValueError(number)
        return number


def _number(literal: Literal) -> int:
    assert isinstance(literal.value, int)
    return literal.value


def _is_sortable(field: Field) -> bool:
    return field.sortable and field.stored and field.type.name != "multipicklist"
