"""A parsed query against a catalogue: names resolved, every "you may not" said, shapes made.

`catalog` holds only what the caller's version and permissions let them see, so the forbidden is
refused by being unknown. Source: the SOQL reference, clause by clause; recorded answers for texts.
"""


from orgbox.catalog import Catalog, SObject
from orgbox.frozen import value
from orgbox.soql import nodes, paging
from orgbox.soql.bound import All, BoundQuery, BoundSelect, Sort, Test
from orgbox.soql.calls import misplaced, operand_of, shown
from orgbox.soql.clauses import mark, mine, refuse_clauses, refuse_marks
from orgbox.soql.conditions import Conditions
from orgbox.soql.errors import bare_fault
from orgbox.soql.grouping import Grouping, aggregates
from orgbox.soql.layout import Layout
from orgbox.soql.names import Names, names_of
from orgbox.soql.nodes import Call, Name, Query, Select
from orgbox.soql.operands import Aggregate, Column, GroupFlag, Label, Operand
from orgbox.soql.selecting import SelectList
from orgbox.soql.viewer import Viewer

_SINCE_FIVE_LEVELS = 58
_MOST_SORTS = 32
_ONLY_ROOTS = "only root queries support aggregate expressions"
_TOO_DEEP = (
    "SOQL statements cannot query aggregate relationships more than {} level{} away from the root "
    "entity object."
)
_JOIN_FIELDS = "Semi join sub-selects can only query id fields, cannot use: '{}'"
_OVERALL = "Non-grouped query that uses overall aggregate functions cannot also use {}"


def bind(query: Query, catalog: Catalog, viewer: Viewer, *, all_rows: bool = False) -> BoundQuery:
    """The query with its names resolved.

    Raises QueryFault or ApiFault, placed where the service places it.
    """
    select = _Binder(query, catalog, viewer).root(query.select)
    return BoundQuery(select, viewer, query.literals, all_rows, mark(query.select, select.root.sobject))


@value
class _Binder:
    """Binds the SELECTs of one query."""

    query: Query
    catalog: Catalog
    viewer: Viewer

    def root(self, select: Select) -> BoundSelect:
        names = names_of(self.query.text, self.catalog, select.sources)
        refuse_clauses(select, names, self.viewer)
        _refuse_many_sorts(select, names)
        if aggregates(select):
            return self._grouped(select, names)
        if select.counts and select.order:
            raise bare_fault("COUNT() does not support ORDER BY")
        return self._records(select, names, level=1)

    def _records(self, select: Select, names: Names, level: int) -> BoundSelect:
        """A SELECT for records, or COUNT()."""
        layout = Layout(names.root)

        def child(inner: Select, sobject: SObject) -> BoundSelect:
            return self._child(inner, sobject, select, level + 1)

        items = SelectList(names, layout, self.viewer, child)
        for item in () if select.counts else select.items:
            items.add(item)
        where = self._where(select, names)
        order = tuple(self._sort(key, names) for key in select.order)
        sobject = names.root.sobject
        return BoundSelect(
            root=names.root,
            branches=tuple(names.branches),
            columns=tuple(layout.columns),
            shape=layout.shape(),
            where=where,
            order=order,
            limit=paging.limit(self.query, select, sobject, self.viewer, items.all_fields),
            skip=paging.skip(self.query, select, sobject),
            counts=select.counts,
            attachments=tuple(layout.attachments),
        )

    def _where(self, select: Select, names: Names) -> Test | None:
        scope = mine(select, names, self.viewer)
        if select.where is None:
            return scope
        where = Conditions(names, self._join).bind(select.where)
        return All((scope, where)) if scope else where

    def _grouped(self, select: Select, names: Names) -> BoundSelect:
        """A SELECT for AggregateResults."""
        if select.group is None:
            for clause, word in ((select.limit, "LIMIT"), (select.skip, "OFFSET")):
                if clause is not None:
                    raise bare_fault(_OVERALL.format(word))
        grouping = Grouping(select, names, self.viewer)
        columns, shape = grouping.row()
        order = []
        for key in select.order:
            operand = operand_of(names, key.value)
            grouping.check(operand, key.value)
            order.append(Sort(operand, key.descending, key.nulls == "last"))
        where, groups, sobject = self._where(select, names), grouping.groups(), names.root.sobject
        return BoundSelect(
            root=names.root,
            branches=tuple(names.branches),
            columns=columns,
            shape=shape,
            where=where,
            order=tuple(order),
            limit=paging.limit(self.query, select, sobject, self.viewer, False),
            skip=paging.skip(self.query, select, sobject),
            groups=groups,
        )

    def _sort(self, key: nodes.Order, names: Names) -> Sort:
        operand = operand_of(names, key.value)
        if isinstance(operand, Aggregate | GroupFlag | Label):
            assert isinstance(key.value, Call)
            raise misplaced(names, key.value)
        if not _is_sortable(operand):
            text = f"field '{shown(operand)}' can not be sorted in a query call"
            raise names.fault("MALFORMED_QUERY", text, key.offset)
        return Sort(operand, key.descending, key.nulls == "last")

    def _child(self, select: Select, sobject: SObject, parent: Select, level: int) -> BoundSelect:
        """A child subquery; the FROM list names a relationship to `sobject`."""
        names = Names(self.query.text, self.catalog, sobject)
        names.add_root_alias(select.sources[0].alias)
        most = 5 if self.viewer.version >= _SINCE_FIVE_LEVELS else 2
        if level > most:
            text = _TOO_DEEP.format(most - 1, "s" if most > 2 else "")
            raise names.fault("MALFORMED_QUERY", text, select.offset)
        if select.counts or aggregates(select):
            raise names.fault("MALFORMED_QUERY", _ONLY_ROOTS, select.items[0].offset)
        if select.skip is not None and (parent.limit is None or parent.limit.value != 1):
            text = "OFFSET in a child subquery needs LIMIT 1 in the outer query"
            raise names.fault("MALFORMED_QUERY", text, select.skip.offset)
        for source in select.sources[1:]:
            names.add_relationship(source)
        refuse_marks(select, names)
        refuse_clauses(select, names, self.viewer)
        _refuse_many_sorts(select, names)
        return self._records(select, names, level)

    def _join(self, join: nodes.Join, outer: Names) -> BoundSelect:
        """The inner side of a semi-join."""
        select = join.select
        names = names_of(self.query.text, self.catalog, select.sources)
        refuse_clauses(select, names, self.viewer)
        value = select.items[0].value
        column = names.resolve(value) if isinstance(value, Name) else None
        if not isinstance(column, Column) or column.branch.parent or column.type.family != "id":
            shown_as = value.text if isinstance(value, Name | Call) else ""
            text = _JOIN_FIELDS.format(shown_as)
            raise outer.fault("MALFORMED_QUERY", text, select.items[0].offset)
        where = Conditions(names, None).bind(select.where) if select.where else None
        shape = Layout(names.root).shape()
        return BoundSelect(names.root, tuple(names.branches), (column,), shape, where)


def _refuse_many_sorts(select: Select, names: Names) -> None:
    if len(select.order) > _MOST_SORTS:
        text = f"A query can be ordered by at most {_MOST_SORTS} fields"
        raise names.fault("MALFORMED_QUERY", text, select.order[_MOST_SORTS].offset)


def _is_sortable(operand: Operand) -> bool:
    if not isinstance(operand, Column):
        return True
    field = operand.field
    return field.sortable and field.stored and field.type.name != "multipicklist"
