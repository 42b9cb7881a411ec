"""Expressions to operands: paths and functions, wherever a query may have them.

Source: SOQL reference, Aggregate Functions (which types support which), Date Functions, toLabel(),
Location-Based SOQL Queries.
"""

from collections.abc import Callable

from orgbox.catalog.fieldtypes import TYPES, FieldType
from orgbox.errors import ApiFault
from orgbox.soql import functions, nodes
from orgbox.soql.compounds import parts
from orgbox.soql.errors import unsupported_fault
from orgbox.soql.functions import FUNCTIONS, UNITS, Function
from orgbox.soql.names import Names
from orgbox.soql.nodes import Call, Expression, Name, Sum
from orgbox.soql.operands import Aggregate, Applied, Column, Distance, GroupFlag, Label, Operand, TypeColumn


def operand_of(names: Names, expression: Expression) -> Operand:
    """The operand an expression stands for; the same each time within a SELECT.

    Raises INVALID_FIELD or MALFORMED_QUERY, placed at the name or function that is wrong.
    """
    if isinstance(expression, Name):
        return names.resolve(expression)
    if isinstance(expression, nodes.Distance):
        return _distance(names, expression)
    if isinstance(expression, Sum):
        raise unsupported_fault("A calculation", names.text, expression.offset)
    function = function_of(names, expression)
    make = _MAKERS.get(function.kind)
    if make is None or expression.argument is None:
        raise misplaced(names, expression)
    return make(names, expression, function)


def function_of(names: Names, call: Call) -> Function:
    """The row of a function. Raises MALFORMED_QUERY for a name that is none."""
    function = FUNCTIONS.get(call.function.upper())
    if function is None:
        text = f"unknown function: {call.function}"
        raise names.fault("MALFORMED_QUERY", text, call.offset)
    return function


def misplaced(names: Names, call: Call) -> ApiFault:
    """The fault for a function where it cannot stand."""
    text = f"{call.function} is not allowed here"
    return names.fault("MALFORMED_QUERY", text, call.offset)


def _aggregate(names: Names, call: Call, function: Function) -> Operand:
    assert call.argument is not None
    operand = operand_of(names, call.argument)
    if isinstance(operand, Aggregate) or not functions.aggregatable(function, operand):
        text = f"field {call.argument.text} does not support aggregate operator {function.name}"
        raise names.fault("MALFORMED_QUERY", text, call.offset)
    type_ = function.gives or operand.type
    return names.once((function.name, id(operand)), lambda: Aggregate(function.name, operand, type_))


def _date_part(names: Names, call: Call, function: Function) -> Operand:
    argument, zone = call.argument, False
    if isinstance(argument, Call) and function_of(names, argument).kind == functions.ZONE:
        argument, zone = argument.argument, True
    if not isinstance(argument, Name):
        raise misplaced(names, call)
    operand = names.resolve(argument)
    if function.families is not None and operand.type.family not in function.families:
        text = f"field {argument.text} does not support the function {function.name}"
        raise names.fault("MALFORMED_QUERY", text, call.offset)
    type_: FieldType = function.gives or operand.type
    return names.once(
        (function.name, id(operand), zone), lambda: Applied(function.name, operand, zone, type_)
    )


def _label(names: Names, call: Call, function: Function) -> Operand:
    operand = operand_of(names, call.argument) if isinstance(call.argument, Name) else None
    if not isinstance(operand, Column) or operand.type.family != "text":
        raise misplaced(names, call)
    assert function.gives is not None
    type_ = function.gives
    return names.once((function.name, id(operand)), lambda: Label(operand, type_))


def _grouping(names: Names, call: Call, function: Function) -> Operand:
    assert call.argument is not None and function.gives is not None
    operand, type_ = operand_of(names, call.argument), function.gives
    return names.once((function.name, id(operand)), lambda: GroupFlag(operand, type_))


def _distance(names: Names, distance: nodes.Distance) -> Operand:
    place = names.resolve(distance.field)
    found = parts(place.branch.sobject, place.field) if isinstance(place, Column) else {}
    if not isinstance(place, Column) or not {"latitude", "longitude"} <= found.keys():
        text = f"field {distance.field.text} does not support the function DISTANCE"
        raise names.fault("MALFORMED_QUERY", text, distance.offset)
    unit, point = distance.unit.lower(), (distance.latitude, distance.longitude)
    if unit not in UNITS:
        text = f"Unknown distance unit: {distance.unit}. Known are {' and '.join(UNITS)}."
        raise names.fault("MALFORMED_QUERY", text, distance.offset)
    latitude, longitude = (place.branch.column(found[name]) for name in ("latitude", "longitude"))
    key = ("DISTANCE", id(latitude), point, unit)
    return names.once(key, lambda: Distance(latitude, longitude, point, unit, TYPES["double"]))


_MAKERS: dict[str, Callable[[Names, Call, Function], Operand]] = {
    functions.AGGREGATE: _aggregate,
    functions.DATE_PART: _date_part,
    functions.LABEL: _label,
    functions.GROUPING: _grouping,
}


def shown(operand: Operand) -> str:
    """The operand's name as texts of faults repeat it."""
    if isinstance(operand, Column):
        return operand.field.name
    if isinstance(operand, TypeColumn):
        return "Type"
    if isinstance(operand, Aggregate | Applied):
        return f"{operand.function}({shown(operand.operand)})"
    if isinstance(operand, Label | GroupFlag):
        return shown(operand.operand)
    if isinstance(operand, Distance):
        return "DISTANCE"
    return operand.name
