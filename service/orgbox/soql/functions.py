"""The functions of SOQL, one row each: of what they can be taken, what they give, where they may
stand.

Source: SOQL reference, Aggregate Functions, Date Functions, toLabel(), FORMAT(), convertCurrency(),
GROUPING().
"""


from orgbox.catalog.fieldtypes import TYPES, FieldType
from orgbox.frozen import value
from orgbox.soql.operands import Column, Operand

AGGREGATE = "aggregate"
DATE_PART = "date part"
GROUPING = "grouping"
LABEL = "label"
FORMAT = "format"
CURRENCY = "currency"
ZONE = "zone"


@value
class Function:
    """A row of FUNCTIONS. `families` are those of the argument, `gives` the type of the result.

    None stands for any family and for the argument's own type.
    """

    name: str
    kind: str
    families: frozenset[str] | None = None
    gives: FieldType | None = None


_DAYS = frozenset({"date", "moment"})
_MOMENTS = frozenset({"moment"})
_INT = TYPES["int"]

FUNCTIONS: dict[str, Function] = {
    row.name: row
    for row in (
        Function("AVG", AGGREGATE, frozenset({"number"}), TYPES["double"]),
        Function("SUM", AGGREGATE, frozenset({"number"})),
        Function("COUNT", AGGREGATE, None, _INT),
        Function("COUNT_DISTINCT", AGGREGATE, None, _INT),
        Function("MIN", AGGREGATE),
        Function("MAX", AGGREGATE),
        *(
            Function(name, DATE_PART, _DAYS, _INT)
            for name in (
                "CALENDAR_MONTH", "CALENDAR_QUARTER", "CALENDAR_YEAR", "FISCAL_MONTH",
                "FISCAL_QUARTER", "FISCAL_YEAR", "DAY_IN_MONTH", "DAY_IN_WEEK", "DAY_IN_YEAR",
                "WEEK_IN_MONTH", "WEEK_IN_YEAR",
            )
        ),
        Function("DAY_ONLY", DATE_PART, _MOMENTS, TYPES["date"]),
        Function("HOUR_IN_DAY", DATE_PART, _MOMENTS, _INT),
        Function("GROUPING", GROUPING, None, _INT),
        Function("TOLABEL", LABEL, frozenset({"text"}), TYPES["string"]),
        Function("FORMAT", FORMAT, None, TYPES["string"]),
        Function("CONVERTCURRENCY", CURRENCY, frozenset({"number"})),
        Function("CONVERTTIMEZONE", ZONE, _MOMENTS),
    )
}  # fmt: skip


UNITS = {"km": 6371.0088, "mi": 3958.7613}
"""The units DISTANCE(place, GEOLOCATION(…), unit) knows, with the Earth's mean radius in each."""


def aggregatable(function: Function, operand: Operand) -> bool:
    """Whether the aggregate function may be taken of the operand."""
    if function.families is not None:
        return operand.type.family in function.families
    if isinstance(operand, Column):
        return operand.field.aggregatable
    return operand.type.aggregatable
