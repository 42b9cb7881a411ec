"""LIMIT and OFFSET: how large they may be, and when a query must have one.

Source: SOQL reference, LIMIT, OFFSET, FIELDS(); Object Reference, EntitySubscription.
"""


from orgbox.catalog import SObject
from orgbox.errors import ApiFault
from orgbox.frozen import value
from orgbox.soql.bound import Given
from orgbox.soql.errors import bare_fault, name_fault
from orgbox.soql.literals import MANY
from orgbox.soql.nodes import And, Compare, Condition, Literal, Name, Query, Select, Within
from orgbox.soql.viewer import Viewer

_LARGEST = 2**31 - 1
_SUBSCRIPTIONS = 1_000
_FIELDS = 200
_FIELDS_TEXT = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS}"
_SUBSCRIPTIONS_TEXT = (
    "Implementation restriction: EntitySubscription only allows security evaluation for non-admin "
    f"users when LIMIT is specified and at most {_SUBSCRIPTIONS}"
)


@value
class Bounded:
    """Converts the number of LIMIT or OFFSET; ValueError outside 0 to `most`."""

    most: int

    def __call__(self, literal: Literal) -> int:
        number = _number(literal)
        if not 0 <= number <= self.most:
            raise ValueError(number)
        return number


def limit(query: Query, select: Select, sobject: SObject, viewer: Viewer, all_fields: bool) -> Given | None:
    """The LIMIT. `all_fields` says that FIELDS(ALL) or FIELDS(CUSTOM) asks for one."""
    most = _LARGEST
    if sobject.name == "EntitySubscription" and not viewer.sees_all and not select.counts:
        most = _SUBSCRIPTIONS
        if select.limit is None or _number(select.limit) > most:
            raise bare_fault(_SUBSCRIPTIONS_TEXT)
    if all_fields and not _of_few_ids(select.where):
        most = _FIELDS
        if select.limit is None or _number(select.limit) > most:
            raise bare_fault(_FIELDS_TEXT)
    if select.limit is None:
        return None
    if _number(select.limit) > _LARGEST:
        raise ApiFault("NUMBER_OUTSIDE_VALID_RANGE", f"LIMIT can not be more than {_LARGEST}")
    return _given(query, select.limit, most, "Limit must be a non-negative value")


def _of_few_ids(where: Condition | None) -> bool:
    """Whether only records with certain Ids, few enough, can be found."""
    if isinstance(where, And):
        return any(_of_few_ids(part) for part in where.parts)
    if not isinstance(where, Compare | Within) or not isinstance(where.left, Name):
        return False
    few = isinstance(where, Compare) or len(where.values.items) <= MANY
    return few and where.operator in ("=", "IN") and where.left.text.lower() == "id"


def skip(query: Query, select: Select, sobject: SObject) -> Given | None:
    """The OFFSET."""
    if select.skip is None:
        return None
    most = query.limits.query_offset
    if _number(select.skip) > most:
        text = f"Maximum SOQL offset allowed for apiName {sobject.name} is {most}"
        raise ApiFault("NUMBER_OUTSIDE_VALID_RANGE", text)
    return _given(query, select.skip, most, "SOQL offset must be a non-negative value")


def _given(query: Query, literal: Literal, most: int, negative: str) -> Given:
    if _number(literal) < 0:
        raise name_fault("MALFORMED_QUERY", negative, query.text, literal.offset)
    assert literal.index is not None
    return Given(literal.index, Bounded(most))


def _number(literal: Literal) -> int:
    assert isinstance(literal.value, int)
    return literal.value
