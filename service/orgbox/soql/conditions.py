"""Binding of WHERE: which field, which operator, which value, and every reason to refuse them.

Source: SOQL reference, fieldExpression Syntax, Comparison Operators, Semi-Joins with IN and
Anti-Joins with NOT IN; recorded answers of the service for the texts.
"""

from collections.abc import Callable

from orgbox.errors import ApiFault
from orgbox.soql import bound, nodes
from orgbox.soql.bound import BoundSelect, Given, Test
from orgbox.soql.calls import misplaced, operand_of, shown
from orgbox.soql.dates import WORDS
from orgbox.soql.errors import too_complicated
from orgbox.soql.literals import chosen, like_class
from orgbox.soql.names import Names
from orgbox.soql.nodes import Expression, Literal
from orgbox.soql.operands import Aggregate, Applied, Column, Distance, GroupFlag, Label, Operand
from orgbox.soql.values import Choice, converter, misfit

JoinBinder = Callable[[nodes.Join, Names], BoundSelect]
"""Binds the inner side of a semi-join."""

Check = Callable[[Operand, Expression], None]
"""Raises where an operand cannot be compared."""

_MOST_JOINS = 2
_MOST_TESTS = 2_000
"""Comparisons in one WHERE or HAVING; a list of values is one."""
_ORDERINGS = ("<", "<=", ">", ">=")


class Conditions:
    """Binds the conditions of one SELECT; `join_binder` is None inside a semi-join."""

    def __init__(self, names: Names, join_binder: JoinBinder | None, check: Check | None = None) -> None:
        self._names = names
        self._check = check or self._filterable
        self._join_binder = join_binder
        self._joins = 0
        self._tests = 0

    def bind(self, condition: nodes.Condition) -> Test:
        """The test that a WHERE or HAVING stands for."""
        if isinstance(condition, nodes.Or):
            return bound.Any(tuple(self._bind(part, "or") for part in condition.parts))
        return self._bind(condition, "")

    def _bind(self, condition: nodes.Condition, nested: str) -> Test:
        """The test. `nested` is "or" directly below the outermost OR, "inner" further down."""
        if isinstance(condition, nodes.And):
            return bound.All(tuple(self._bind(part, nested) for part in condition.parts))
        if isinstance(condition, nodes.Or):
            return bound.Any(tuple(self._bind(part, "inner") for part in condition.parts))
        if isinstance(condition, nodes.Not):
            return bound.Not(self._bind(condition.part, "inner"))
        if isinstance(condition, nodes.Join):
            return self._join(condition, nested)
        return self._leaf(condition)

    def _leaf(self, condition: nodes.Compare | nodes.Within) -> Test:
        operand, name = self._operand(condition.left)
        if isinstance(condition, nodes.Within):
            return self._within(condition, operand, name)
        return self._compare(operand, name, condition.operator, condition.value)

    def _operand(self, expression: Expression) -> tuple[Operand, Expression]:
        operand = operand_of(self._names, expression)
        self._check(operand, expression)
        return operand, expression

    def _filterable(self, operand: Operand, expression: Expression) -> None:
        """The check of WHERE; that of HAVING is another."""
        if isinstance(operand, Aggregate | GroupFlag):
            assert isinstance(expression, nodes.Call)
            raise misplaced(self._names, expression)
        inner: Operand = operand
        while isinstance(inner, Applied | Label):
            inner = inner.operand
        if isinstance(inner, Column) and not (inner.field.filterable and inner.field.stored):
            text = f"field '{inner.field.name}' can not be filtered in a query call"
            raise self._names.fault("INVALID_FIELD", text, expression.offset)

    def _compare(self, operand: Operand, name: Expression, operator: str, literal: Literal) -> Test:
        self._count()
        self._check_operator(operand, name, operator)
        self._check_value(operand, name, literal)
        if literal.kind == "null" or (literal.kind == "string" and not literal.value):
            return self._compare_null(operand, name, operator)
        if literal.kind == "boolean":
            return bound.Comparison(operand, operator, bool(literal.value))
        if literal.kind == "word":
            return bound.During(operand, operator, literal.text, literal.index)
        given = Given(literal.index or 0, converter(operand, operator))
        if operator == "LIKE":
            return bound.Like(operand, like_class(str(literal.value)), given)
        return bound.Comparison(operand, operator, given)

    def _count(self) -> None:
        self._tests += 1
        if self._tests > _MOST_TESTS:
            raise too_complicated()

    def _compare_null(self, operand: Operand, name: Expression, operator: str) -> Test:
        if operator == "LIKE":
            text = "invalid LIKE value: "
            raise self._names.fault("INVALID_QUERY_FILTER_OPERATOR", text, name.offset)
        if operand.type.family == "boolean":
            return bound.Comparison(operand, operator, False)
        if operator in _ORDERINGS:
            return bound.Any(())
        empty = bound.Empty(operand)
        return empty if operator == "=" else bound.Not(empty)

    def _check_operator(self, operand: Operand, name: Expression, operator: str) -> None:
        family = operand.type.family
        if operator == "LIKE" and family == "id":
            raise self._operator_fault("invalid operator on id field", name)
        wrong = (
            (operator == "LIKE" and family != "text")
            or (family == "boolean" and operator in _ORDERINGS)
            or (isinstance(operand, Distance) and operator not in ("<", ">"))
            or (operand.type.name == "multipicklist" and operator in (*_ORDERINGS, "LIKE"))
        )
        if wrong:
            raise self._operator_fault("invalid operator", name)

    def _operator_fault(self, text: str, name: Expression) -> ApiFault:
        return self._names.fault("INVALID_QUERY_FILTER_OPERATOR", text, name.offset)

    def _check_value(self, operand: Operand, name: Expression, literal: Literal) -> None:
        text = misfit(shown(operand), operand.type, literal)
        if text:
            raise self._names.fault("INVALID_FIELD", text, name.offset)
        if literal.kind == "word" and WORDS[literal.text].takes_number != (literal.value is not None):
            raise self._names.fault(
                "MALFORMED_QUERY", f"Invalid date literal: {literal.text}", literal.offset
            )
        if literal.kind == "null" or literal.value in ("", None):
            return
        try:
            converter(operand)(literal)
        except ValueError as error:
            raise self._operator_fault(str(error), name) from None

    def _within(self, condition: nodes.Within, operand: Operand, name: Expression) -> Test:
        if condition.operator in ("INCLUDES", "EXCLUDES"):
            return self._includes(condition, operand, name)
        self._count()
        items = condition.values.items
        for literal in items:
            self._check_value(operand, name, literal)
        nulls = [item for item in items if item.value in ("", None) and item.kind != "word"]
        tests: list[Test] = []
        if condition.values.index is None:
            tests = [self._compare(operand, name, "=", item) for item in items]
        else:
            if nulls:
                tests.append(self._compare_null(operand, name, "="))
            if len(nulls) < len(items):
                tests.append(bound.OneOf(operand, Given(condition.values.index, converter(operand))))
        test = tests[0] if len(tests) == 1 else bound.Any(tuple(tests))
        return bound.Not(test) if condition.operator == "NOT IN" else test

    def _includes(self, condition: nodes.Within, operand: Operand, name: Expression) -> Test:
        if operand.type.name != "multipicklist":
            raise self._operator_fault("invalid operator", name)
        tests: list[Test] = []
        for literal in condition.values.items:
            self._count()
            text = misfit(shown(operand), operand.type, literal)
            if text:
                raise self._names.fault("INVALID_FIELD", text, name.offset)
            tests.append(self._chosen(operand, literal))
        test = tests[0] if len(tests) == 1 else bound.Any(tuple(tests))
        return bound.Not(test) if condition.operator == "EXCLUDES" else test

    def _chosen(self, operand: Operand, literal: Literal) -> Test:
        """All values of one literal are chosen; of an empty one, none is."""
        if literal.index is None:
            return bound.Empty(operand)
        places = range(len(chosen(literal)))
        parts = [bound.Chosen(operand, Given(literal.index, Choice(operand, place))) for place in places]
        return bound.All(tuple(parts))

    def _join(self, condition: nodes.Join, nested: str) -> Test:
        self._joins += 1
        if self._join_binder is None:
            raise self._rule("Nesting of semi join sub-selects is not supported", condition)
        if nested == "or":
            raise self._rule("Semi join sub-selects are not allowed with the 'OR' operator", condition)
        if nested:
            raise self._rule(
                "Semi join sub-selects are only allowed at the top level WHERE expressions "
                "and not in nested WHERE expressions.",
                condition,
            )
        if self._joins > _MOST_JOINS:
            raise self._rule(f"Maximum {_MOST_JOINS} semi join sub-selects are allowed", condition)
        return self._in_select(condition, self._join_binder)

    def _in_select(self, condition: nodes.Join, join_binder: JoinBinder) -> Test:
        operand, name = self._operand(condition.left)
        inner = join_binder(condition, self._names)
        column = inner.columns[0]
        if not isinstance(operand, Column) or operand.branch.parent or operand.type.family != "id":
            raise self._rule(_ONLY_IDS.format(name=shown(operand)), condition)
        assert isinstance(column, Column)
        if inner.root.sobject is operand.branch.sobject:
            raise self._rule(_SAME_TYPE, condition)
        if not _targets(operand) & _targets(column):
            text = _DIFFERENT.format(inner=column.field.name, outer=operand.field.name)
            raise self._rule(text, condition)
        test = bound.InSelect(operand, inner, column)
        return bound.Not(test) if condition.negated else test

    def _rule(self, text: str, node: nodes.Node) -> ApiFault:
        return self._names.fault("MALFORMED_QUERY", text, node.offset)


_ONLY_IDS = "Semi join sub-selects can only query id fields, cannot use: '{name}'"
_SAME_TYPE = "The inner and outer selects should not be on the same object type"
_DIFFERENT = (
    "The selected field '{inner}' in the subquery and the left operand field in the where "
    "expression in the outer query '{outer}' should point to the same object type"
)


def _targets(column: Column) -> frozenset[str]:
    if column.type.name == "id":
        return frozenset({column.branch.sobject.name})
    return frozenset(column.field.reference_to)
