"""Writes queries at random by the grammar: every clause and construct, names that mean nothing."""

import random
from collections.abc import Callable

_PLAIN = "Id Name a b1 Owner.Name Account.Owner.Email x_y".split()
_SOBJECTS = "User Account CollaborationGroup Case Group x__c".split()
_FUNCTIONS = "MIN MAX toLabel CALENDAR_YEAR COUNT_DISTINCT FORMAT f".split()
_VALUES = (
    "'a' '' 'it\\'s' '\\u0041\\n' 5 -5 +5 1.5 .5 TRUE false NULL 2020-01-31 2020-01-31T10:00:00Z "
    "2020-01-31T10:00:00.123+01:00 10:00:00Z TODAY last_week LAST_N_DAYS:3 NEXT_N_FISCAL_QUARTERS:12"
).split()
_COMPARISONS = "= != <> < <= > >=".split()


class Writer:
    """Writes one query after the other."""

    def __init__(self, shuffler: random.Random) -> None:
        self._random = shuffler
        self._pick: Callable[[list[str]], str] = shuffler.choice

    def query(self) -> str:
        """A whole query."""
        if self._often(0.05):
            return f"SELECT COUNT() FROM {self._from()}{self._where(2)}{self._paging()}"
        return self._select(2)

    def _often(self, share: float) -> bool:
        return self._random.random() < share

    def _several(self, write: Callable[[], str], joiner: str, most: int = 3) -> str:
        return joiner.join(write() for _ in range(self._random.randint(1, most)))

    def _select(self, depth: int) -> str:
        items = self._several(lambda: self._item(depth), self._pick([",", ", "]), 4)
        parts = [f"{self._pick(['SELECT', 'select'])} {items} FROM {self._from()}", self._where(depth)]
        if self._often(0.1):
            parts.append(" WITH SECURITY_ENFORCED")
        if self._often(0.2):
            parts.append(self._group())
        if self._often(0.3):
            parts.append(f" ORDER BY {self._several(self._order, ', ')}")
        parts.append(self._paging())
        return "".join(parts)

    def _item(self, depth: int) -> str:
        roll = self._random.random()
        if roll < 0.1 and depth:
            return f"({self._select(depth - 1)})"
        if roll < 0.15:
            return (
                f"TYPEOF {self._pick(_PLAIN)} WHEN {self._pick(_SOBJECTS)} "
                f"THEN {self._several(self._plain, ', ')} ELSE {self._plain()} END"
            )
        if roll < 0.2:
            return f"{self._distance()} d"
        return self._field() + (" alias" if self._often(0.15) else "")

    def _plain(self) -> str:
        return self._pick(_PLAIN)

    def _field(self) -> str:
        if self._often(0.25):
            inner = self._plain()
            if self._often(0.3):
                inner = f"convertTimezone({inner})"
            return f"{self._pick(_FUNCTIONS)}({inner})"
        return self._plain()

    def _distance(self) -> str:
        return f"DISTANCE({self._plain()}, GEOLOCATION(37.5, -122.25), 'mi')"

    def _from(self) -> str:
        name = self._pick(_SOBJECTS)
        if self._often(0.2):
            name += self._pick([" u", " AS u"])
            if self._often(0.3):
                name += ", u.Owner o"
        return name + (f" USING SCOPE {self._pick(['mine', 'everything'])}" if self._often(0.05) else "")

    def _where(self, depth: int) -> str:
        return f" WHERE {self._conditions(depth)}" if self._often(0.7) else ""

    def _conditions(self, depth: int) -> str:
        if self._often(0.1):
            return f"NOT {self._condition(depth)}"
        return self._several(lambda: self._condition(depth), self._pick([" AND ", " OR ", " and "]))

    def _condition(self, depth: int) -> str:
        roll = self._random.random()
        if roll < 0.2 and depth:
            return f"({self._conditions(depth - 1)})"
        if roll < 0.3:
            return f"{self._field()} LIKE '{self._pick(['a%', '%', 'a_b', 'x'])}'"
        if roll < 0.4:
            values = self._several(lambda: self._pick(_VALUES), ", ", 5)
            return f"{self._field()} {self._pick(['IN', 'NOT IN', 'INCLUDES', 'EXCLUDES'])} ({values})"
        if roll < 0.48 and depth:
            inner = f"SELECT {self._field()} FROM {self._from()}{self._where(depth - 1)}"
            return f"{self._plain()} {self._pick(['IN', 'NOT IN'])} ({inner})"
        if roll < 0.52:
            return f"{self._distance()} < {self._pick(['20', '1.5'])}"
        return f"{self._field()}{self._pick(['', ' '])}{self._pick(_COMPARISONS)} {self._pick(_VALUES)}"

    def _group(self) -> str:
        fields = self._several(self._field, ", ")
        kind = self._pick(["{}", "{}", "ROLLUP({})", "CUBE({})"])
        having = f" HAVING {self._conditions(1)}" if self._often(0.3) else ""
        return f" GROUP BY {kind.format(fields)}{having}"

    def _order(self) -> str:
        return self._field() + self._pick(["", " ASC", " DESC"]) + self._pick(["", "", " NULLS LAST"])

    def _paging(self) -> str:
        parts = [
            " LIMIT 10" if self._often(0.3) else "",
            " OFFSET 5" if self._often(0.15) else "",
            self._pick([" FOR VIEW", " FOR REFERENCE"]) if self._often(0.05) else "",
            " UPDATE TRACKING" if self._often(0.05) else "",
        ]
        return "".join(parts)
