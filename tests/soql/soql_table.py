"""The tables of docs/soql.md: every element of SOQL, and what comes of a query that has it.

The elements are those of the code's own tables (functions, date words, types, scopes) and of `elements.toml`;
the outcomes are those of the queries. `python tests/soql/soql_table.py` writes them into the page.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from orgbox.catalog import own, standard_catalog
from orgbox.catalog.fieldtypes import TYPES
from orgbox.errors import ApiFault
from orgbox.limits import STRICT
from orgbox.org import schema
from orgbox.soql import Plans, Viewer
from orgbox.soql.clauses import SCOPES
from orgbox.soql.dates import WORDS
from orgbox.soql.functions import FUNCTIONS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/soql.md"
_PLACE = re.compile(r"(<!-- elements: .*?-->\n).*?(<!-- end of elements -->)", re.DOTALL)
_NOW = datetime(2024, 5, 15, 12, tzinfo=UTC)


class Asker:
    """Asks queries of the standard objects and of one with a field of each type."""

    def __init__(self) -> None:
        every = own.parse("Every__c", _every())
        self._catalog = own.own_catalog({"Every__c": every}, standard_catalog(), "elements")
        self._plans = Plans(schema.build(self._catalog).records, STRICT)
        self._viewer = Viewer("005000000000001AAA", version=66)

    def outcome(self, query: str) -> str:
        """`executed`, or code and text of the refusal."""
        try:
            prepared = self._plans.prepare(query, self._catalog, self._viewer)
            prepared.plan.rows.on("sqlite", prepared.values(1, _NOW))
        except ApiFault as fault:
            return f"`{fault.code}` {fault.message.rpartition(chr(10))[2].replace('|', chr(92) + '|')}"
        return "executed"

    def takes(self, *queries: str) -> str:
        """`yes` if one of them is executed, or a dash."""
        return "yes" if "executed" in map(self.outcome, queries) else "–"


_SAMPLES = {
    "text": "'a'", "id": "'005000000000001AAA'", "number": "1", "boolean": "TRUE", "date": "2024-01-01",
    "moment": "2024-01-01T00:00:00Z", "time": "10:00:00Z", "binary": "'a'", "compound": "'a'",
}  # fmt: skip
_FLAGS = {
    "multipicklist": "Create, Filter, Nillable, Update", "base64": "Create, Nillable, Update",
    "encryptedstring": "Create, Nillable, Update", "address": "Filter, Nillable", "location": "Nillable",
    "anyType": "Filter, Nillable", "time": "Create, Filter, Nillable, Sort, Update",
    "datetime": "Create, Filter, Nillable, Sort, Update", "double": "Create, Filter, Nillable, Sort, Update",
    "currency": "Create, Filter, Nillable, Sort, Update", "percent": "Create, Filter, Nillable, Sort, Update",
}  # fmt: skip
"""What a describe says of a field of that type, where it is not everything."""


def _every() -> str:
    rows = ['label = "Every"\nkey_prefix = "a00"\n[fields]']
    for name in TYPES:
        if name == "id":
            continue
        flags = _FLAGS.get(name, "Create, Filter, Group, Nillable, Sort, Update")
        more = {"reference": ', references = ["User"]', "picklist": ', values = { "a" = "A" }'}.get(name, "")
        more = more or {"multipicklist": ', values = { "a" = "A" }', "string": ", length = 80"}.get(name, "")
        rows.append(f'{name}__c = {{ type = "{name}", label = "{name}", properties = "{flags}"{more} }}')
    for part in ("latitude", "longitude"):
        rows.append(
            f'location__{part.title()}__s = {{ type = "double", label = "{part}", properties = "Nillable", '
            'compound = "location__c" }'
        )
    return "\n".join(rows)


def _type_rows(asker: Asker) -> Iterator[tuple[str, ...]]:
    """One row per type: which operators, keys and functions its fields can have."""
    for type_ in TYPES.values():
        name, value = ("Id" if type_.name == "id" else f"{type_.name}__c"), _SAMPLES[type_.family]
        where = f"SELECT Id FROM Every__c WHERE {name} "
        yield (
            f"`{type_.name}`",
            *(asker.takes(where + test) for test in _tests(value)),
            asker.takes(f"SELECT Id FROM Every__c ORDER BY {name}"),
            asker.takes(f"SELECT {name} FROM Every__c GROUP BY {name}"),
            *(asker.takes(f"SELECT {function}({name}) FROM Every__c") for function in _MEASURES),
        )


_MEASURES = ("COUNT", "MIN", "SUM")
_TYPE_HEAD = ("type", "= != IN", "< <= > >=", "LIKE", "INCLUDES", "ORDER BY", "GROUP BY", *_MEASURES)


def _tests(value: str) -> tuple[str, ...]:
    return f"= {value}", f"< {value}", "LIKE 'a%'", "INCLUDES ('a')"


def _function_rows(asker: Asker) -> Iterator[tuple[str, ...]]:
    """One row per function: of what, to what, and in which clauses it can stand."""
    for function in FUNCTIONS.values():
        families = function.families or {"text"}
        field = f"{next(t.name for t in TYPES.values() if t.family in families)}__c"
        call = f"{function.name}({field})"
        value = _SAMPLES[(function.gives or TYPES[field.removesuffix("__c")]).family]
        yield (
            f"`{function.name}`",
            ", ".join(sorted(function.families)) if function.families else "any",
            function.gives.name if function.gives else "that of its field",
            *(asker.takes(*(q.format(call=call, field=field, value=value) for q in tried))
              for tried in _CLAUSES.values()),
        )  # fmt: skip


_CLAUSES = {
    "SELECT": ("SELECT {call} FROM Every__c",),
    "SELECT, grouped": (
        "SELECT {call} FROM Every__c GROUP BY {call}",
        "SELECT {call} FROM Every__c GROUP BY Name",
        "SELECT {call} FROM Every__c GROUP BY ROLLUP({field})",
    ),
    "WHERE": ("SELECT Id FROM Every__c WHERE {call} = {value}",),
    "GROUP BY": ("SELECT COUNT(Id) FROM Every__c GROUP BY {call}",),
    "HAVING": (
        "SELECT COUNT(Id) FROM Every__c GROUP BY Name HAVING {call} = {value}",
        "SELECT COUNT(Id) FROM Every__c GROUP BY {call} HAVING {call} = {value}",
        "SELECT COUNT(Id) FROM Every__c GROUP BY ROLLUP({field}) HAVING {call} = {value}",
    ),
    "ORDER BY": (
        "SELECT Id FROM Every__c ORDER BY {call}",
        "SELECT COUNT(Id) FROM Every__c GROUP BY Name ORDER BY {call}",
        "SELECT COUNT(Id) FROM Every__c GROUP BY ROLLUP({field}) ORDER BY {call}",
    ),
}
"""Queries with a function in a clause; one that is executed is enough."""
_FUNCTION_HEAD = ("function", "of", "gives", *_CLAUSES)


def _element_rows(asker: Asker) -> Iterator[tuple[str, ...]]:
    """One row per query of `elements.toml` and per scope."""
    queries: dict[str, str] = tomllib.loads((HERE / "elements.toml").read_text("utf-8"))
    for name, text in queries.items():
        yield name, f"`{_shown(text)}`", asker.outcome(text)
    for scope in sorted(SCOPES):
        text = f"SELECT Id FROM User USING SCOPE {scope}"
        yield f"USING SCOPE {scope}", f"`{_shown(text)}`", asker.outcome(text)


def _shown(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows)]


def tables() -> str:
    """What stands between the markers of the page."""
    asker = Asker()
    words = [f"`{name}{':n' if word.takes_number else ''}`" for name, word in WORDS.items()]
    lines = [
        "### Clauses and what stands in them", "",
        *_table(("element", "query", "outcome"), _element_rows(asker)), "",
        "### Types of fields", "", *_table(_TYPE_HEAD, _type_rows(asker)), "",
        "### Functions", "", *_table(_FUNCTION_HEAD, _function_rows(asker)), "",
        "### Date words", "", f"{', '.join(sorted(words))}.",
    ]  # fmt: skip
    return "\n".join(lines)


def written() -> str:
    """The page with the tables in their place."""
    text, times = _PLACE.subn(lambda m: f"{m[1]}{tables()}\n{m[2]}", PAGE.read_text("utf-8"))
    if times != 1:
        raise ValueError(f"{PAGE.name} has no place for the elements")
    return text


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
