"""ORDER BY as SQL. Nulls come first unless NULLS LAST is said, in either direction.

CHOICE: the reference says "nulls first by default" without distinguishing the direction.
"""

from orgbox.soql.bound import BoundSelect, Sort
from orgbox.soql.compile.operands import Element, Reading


def order_keys(query: BoundSelect, reading: Reading) -> list[Element]:
    """The query's keys and at last the Id, so that pages are stable.

    The Id goes in the direction of the key before it: an index on key and Id then serves both.
    """
    id_ = reading.value(query.root.id)
    keys = [_key(sort, reading) for sort in query.order]
    return [*keys, id_.desc() if query.order and query.order[-1].descending else id_]


def _key(sort: Sort, reading: Reading) -> Element:
    return directed(reading.sorted(sort.operand), sort, nullable=sort.operand.nullable)


def directed(element: Element, sort: Sort, *, nullable: bool) -> Element:
    """A sort key with its direction and, where it can be null, the place of nulls."""
    key: Element = element.desc() if sort.descending else element.asc()
    if not nullable:
        return key
    return key.nulls_last() if sort.nulls_last else key.nulls_first()
