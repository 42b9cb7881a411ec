"""Random queries over random records: the databases answer what plain Python reckons (`soql_evaluator`)."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from orgbox import ids
from orgbox.catalog.fieldtypes import fold
from soql_bench import NOW, Bench
from soql_evaluator import (
    DATE_WORDS,
    Condition,
    Group,
    Record,
    World,
    aggregated,
    days,
    folded,
    groups,
    groups_in_order,
    in_order,
)

ORG = 9
PARENTS = {"Manager": "ManagerId", "Profile": "ProfileId", "Owner": "OwnerId"}
TEXTS = ["a", "B", "ab", "Ab", "é", "É", "50%", "a_b", "a\\b", "it's", "ß", "zz", "_", "Z["]
MOMENTS = [
    "2022-12-31T23:59:59.999Z", "2023-01-01T00:00:00.000Z", "2024-04-30T12:00:00.000Z",
    "2024-05-12T00:00:00.000Z", "2024-05-14T23:59:59.999Z", "2024-05-15T00:00:00.000Z",
    "2024-05-15T18:00:00.000Z", "2024-05-16T00:00:00.000Z", "2024-05-18T00:00:00.000Z",
]  # fmt: skip
GROUP_TYPES = ["Public", "Private", "Unlisted"]
RANK = {"CollaborationType": GROUP_TYPES}
USERS = [ids.make("005", n) for n in range(1, 7)]
PROFILES = [ids.make("00e", n) for n in range(1, 3)]
GROUPS = [ids.make("0F9", n) for n in range(1, 6)]

text = st.none() | st.sampled_from(TEXTS)
number = st.none() | st.integers(-3, 3)
moment = st.sampled_from(MOMENTS)


def rows(sobject: str, keys: list[str], fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    one = st.fixed_dictionaries(fields)
    return st.lists(one, min_size=len(keys), max_size=len(keys)).map(
        lambda found: [{"Id": key, **row} for key, row in zip(keys, found, strict=True)]
    )


users = rows(
    "User", USERS,
    {
        "Name": st.sampled_from(TEXTS), "Title": text, "City": text, "IsActive": st.booleans(),
        "NumberOfFailedLogins": number, "Latitude": st.none() | st.sampled_from([-1.5, 0.0, 2.25]),
        "ManagerId": st.none() | st.sampled_from(USERS), "ProfileId": st.sampled_from(PROFILES),
        "CreatedDate": moment, "LastLoginDate": st.none() | moment,
    },
)  # fmt: skip
profiles = rows("Profile", PROFILES, {"Name": st.sampled_from(TEXTS), "Description": text})
chatter_groups = rows(
    "CollaborationGroup", GROUPS,
    {
        "Name": st.sampled_from(TEXTS), "OwnerId": st.sampled_from(USERS), "CanHaveGuests": st.booleans(),
        "MemberCount": number, "CollaborationType": st.sampled_from(GROUP_TYPES), "CreatedDate": moment,
    },
)  # fmt: skip
worlds = st.fixed_dictionaries({"User": users, "Profile": profiles, "CollaborationGroup": chatter_groups})

FIELDS = {
    "User": {
        "text": ["Name", "Title", "City", "Manager.Name", "Manager.Manager.Title", "Profile.Name"],
        "number": ["NumberOfFailedLogins", "Latitude", "Manager.NumberOfFailedLogins"],
        "boolean": ["IsActive", "Manager.IsActive"],
        "moment": ["CreatedDate", "LastLoginDate", "Manager.LastLoginDate"],
        "id": ["Id", "ManagerId", "Manager.ManagerId"],
    },
    "CollaborationGroup": {
        "text": ["Name", "CollaborationType", "Owner.Name", "Owner.Manager.City"],
        "number": ["MemberCount", "Owner.Latitude"],
        "boolean": ["CanHaveGuests", "Owner.IsActive"],
        "moment": ["CreatedDate", "Owner.LastLoginDate"],
        "id": ["OwnerId", "Owner.ManagerId"],
    },
}
JOINS = {
    "User": [("Id", "CollaborationGroup", "OwnerId"), ("ProfileId", "Profile", "Id")],
    "CollaborationGroup": [("OwnerId", "User", "Id"), ("OwnerId", "User", "ManagerId")],
}
"""Left field, SObject and field of the semi-joins that are tried."""
VALUES = {
    "text": st.none() | st.sampled_from(["", *TEXTS, *GROUP_TYPES, "public"]),
    "number": st.none() | st.integers(-3, 3) | st.sampled_from([-1.5, 2.25]),
    "boolean": st.none() | st.booleans(),
    "moment": st.none() | moment | st.sampled_from([w for w in DATE_WORDS if "N_" not in w])
    | st.builds("{}:{}".format, st.sampled_from([w for w in DATE_WORDS if "N_" in w]), st.integers(1, 20)),
    "id": st.none() | st.sampled_from([*USERS, *(user[:15] for user in USERS)]),
}  # fmt: skip
OPERATORS = {"boolean": ["=", "!="], "id": ["=", "!="]}
PATTERNS = st.text(alphabet="aABbéß%_[", min_size=1, max_size=4) | st.sampled_from(
    ["50\\%", "a\\_b", "%\\%", "\\_%"]
)


@st.composite
def conditions(draw: st.DrawFn, sobject: str, depth: int = 2) -> Condition:
    kind = draw(st.sampled_from(["test", "test", "and", "or", "not", "in", "like"] if depth else ["test"]))
    if kind in ("and", "or"):
        return (kind, *draw(st.lists(conditions(sobject, depth - 1), min_size=2, max_size=3)))
    if kind == "not":
        return ("not", draw(conditions(sobject, depth - 1)))
    if kind == "like":
        path = draw(st.sampled_from([p for p in FIELDS[sobject]["text"]]))
        return (path, "LIKE", draw(PATTERNS))
    family = draw(st.sampled_from(sorted(FIELDS[sobject])))
    path = draw(st.sampled_from(FIELDS[sobject][family]))
    if kind == "in":
        wanted = tuple(draw(st.lists(VALUES[family], min_size=1, max_size=3)))
        return (path, draw(st.sampled_from(["IN", "NOT IN"])), wanted)
    operator = draw(st.sampled_from(OPERATORS.get(family, ["=", "!=", "<", "<=", ">", ">="])))
    return (path, operator, draw(VALUES[family]))


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, str) and value.partition(":")[0] not in DATE_WORDS and value not in MOMENTS:
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return str(value)


def text_of(condition: Condition) -> str:
    kind, *parts = condition
    if kind in ("and", "or"):
        return f" {kind.upper()} ".join(f"({text_of(part)})" for part in parts)
    if kind == "not":
        return f"NOT ({text_of(parts[0])})"
    operator, wanted = parts
    if operator == "LIKE":
        return f"{kind} LIKE '{wanted}'"
    if isinstance(wanted, tuple):
        return f"{kind} {operator} ({', '.join(map(literal, wanted))})"
    return f"{kind} {operator} {literal(wanted)}"


def meant(condition: Condition) -> Condition:
    """The condition with date words as ranges and Ids in their long form, as the evaluator takes them."""
    kind, *parts = condition
    if kind in ("and", "or", "not"):
        return (kind, *map(meant, parts))
    operator, wanted = parts
    if operator == "LIKE":
        return condition
    if isinstance(wanted, tuple):
        return (kind, operator, tuple(map(_value, wanted)))
    return (kind, operator, _value(wanted))


def _value(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.partition(":")[0] in DATE_WORDS:
        return days(value)
    return ids.normalize(value) if value[:3] == "005" else value


def fill(bench: Bench, data: dict[str, list[Record]]) -> World:
    for name, found in data.items():
        table, sobject = bench.tables[name], bench.catalog[name]
        bench.connection.execute(delete(table).where(table.c.org == ORG))
        complete = []
        for record in found:
            row = {f.name: None for f in sobject.fields if f.stored} | dict(record) | {"org": ORG}
            row |= {f.shadow: fold(row[f.name]) for f in sobject.fields if f.shadow and row.get(f.name)}
            complete.append(row)
        columns = {column for row in complete for column in row}
        bench.connection.execute(insert(table), [dict.fromkeys(columns) | row for row in complete])
    return World(data, PARENTS)


def answer(bench: Bench, query: str) -> list[tuple[Any, ...]]:
    prepared = bench.prepare(query, bench.viewer())
    values = prepared.values(ORG, NOW)
    return prepared.plan.complete(bench.run(prepared.plan.rows, values), values, bench.run)


relaxed = settings(
    max_examples=30, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True, database=None
)
sobjects = st.sampled_from(["User", "CollaborationGroup"])


@relaxed
@given(st.data(), worlds, sobjects)
def test_where_order_limit_and_offset_mean_what_they_say(
    bench: Bench, data: st.DataObject, records: dict[str, list[Record]], sobject: str
) -> None:
    world = fill(bench, records)
    for _ in range(3):
        where = data.draw(conditions(sobject))
        fields = [p for paths in FIELDS[sobject].values() for p in paths]
        key = st.tuples(st.sampled_from(fields), st.booleans(), st.booleans())
        keys = data.draw(st.lists(key, max_size=3))
        limit, offset = data.draw(st.none() | st.integers(0, 4)), data.draw(st.none() | st.integers(0, 3))
        order = ", ".join(
            f"{path}{' DESC' * descending}{' NULLS LAST' * last}" for path, descending, last in keys
        )
        query = f"SELECT Id FROM {sobject} WHERE {text_of(where)}" + (f" ORDER BY {order}" if keys else "")
        query += f" LIMIT {limit}" * (limit is not None) + f" OFFSET {offset}" * (offset is not None)

        matching = [row for row in records[sobject] if world.holds(meant(where), row)]
        expected = in_order(world, matching, keys, RANK)[offset or 0 :]
        expected = expected if limit is None else expected[:limit]

        assert [row[0] for row in answer(bench, query)] == [row["Id"] for row in expected], query


@relaxed
@given(st.data(), worlds, sobjects, st.booleans())
def test_semi_joins_and_anti_joins_mean_what_they_say(
    bench: Bench, data: st.DataObject, records: dict[str, list[Record]], sobject: str, negated: bool
) -> None:
    world = fill(bench, records)
    field, inner, column = data.draw(st.sampled_from(JOINS[sobject]))
    where = data.draw(st.none() | conditions(inner)) if inner in FIELDS else None
    beside = data.draw(conditions(sobject, 1))
    join = f"{field} {'NOT ' * negated}IN (SELECT {column} FROM {inner}" + (
        f" WHERE {text_of(where)})" if where else ")"
    )
    query = f"SELECT Id FROM {sobject} WHERE {join} AND ({text_of(beside)})"
    meaning = ("and", ("join", field, negated, inner, column, where and meant(where)), meant(beside))

    expected = [row["Id"] for row in records[sobject] if world.holds(meaning, row)]

    assert [row[0] for row in answer(bench, query)] == expected, query


MEASURES = [
    ("COUNT", "Title"), ("COUNT", "Id"), ("COUNT_DISTINCT", "City"), ("COUNT_DISTINCT", "ManagerId"),
    ("SUM", "NumberOfFailedLogins"), ("AVG", "NumberOfFailedLogins"), ("MIN", "Latitude"),
    ("MAX", "CreatedDate"), ("MIN", "Manager.LastLoginDate"), ("MIN", "City"), ("MAX", "Title"),
    ("MAX", "Manager.Name"),
]  # fmt: skip
KEYS = ["Title", "City", "ManagerId", "NumberOfFailedLogins", "Manager.Name", "Profile.Name"]


@relaxed
@given(st.data(), worlds)
def test_groups_subtotals_and_their_order_mean_what_they_say(
    bench: Bench, data: st.DataObject, records: dict[str, list[Record]]
) -> None:
    world = fill(bench, records)
    kind = data.draw(st.sampled_from(["", "ROLLUP", "CUBE"]))
    keys = data.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=3 if kind else 2, unique=True))
    free = [measure for measure in MEASURES if measure[1] not in keys]
    measures = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
    sort = st.tuples(st.sampled_from([*keys, *measures]), st.booleans(), st.booleans())
    sorts = data.draw(st.lists(sort, max_size=2))
    where = data.draw(conditions("User", 1))
    least = data.draw(st.none() | st.integers(0, 3))
    query = grouping_query(kind, keys, measures, sorts) % (
        text_of(where), "" if least is None else f" HAVING COUNT(Id) > {least}"
    )  # fmt: skip

    def value(group: Group, asked: str | tuple[str, str]) -> Any:
        if isinstance(asked, tuple):
            return aggregated(world, group.rows, *asked)
        return None if group.total[keys.index(asked)] else aggregated(world, group.rows, "MIN", asked)

    matching = [row for row in records["User"] if world.holds(meant(where), row)]
    found = [g for g in groups(world, matching, keys, kind) if least is None or len(g.rows) > least]
    order = [(lambda group, asked=asked: value(group, asked), *how) for asked, *how in sorts]
    flags = (lambda group: tuple(map(int, group.total))) if kind else (lambda group: ())
    expected = [
        (*(value(g, key) for key in keys), *flags(g), *(value(g, measure) for measure in measures))
        for g in groups_in_order(found, order)
    ]

    assert answer(bench, query) == expected, query


def grouping_query(
    kind: str, keys: list[str], measures: list[tuple[str, str]], sorts: list[tuple[Any, bool, bool]]
) -> str:
    """A query for the keys, for GROUPING() of them where there are subtotals, and for the measures."""
    shown = [f"{key} k{n}" for n, key in enumerate(keys)]
    shown += [f"GROUPING({key}) g{n}" for n, key in enumerate(keys) if kind]
    shown += [f"{function}({path}) m{n}" for n, (function, path) in enumerate(measures)]
    by = f"{kind}({', '.join(keys)})" if kind else ", ".join(keys)
    order = ", ".join(
        ("{}({})".format(*asked) if isinstance(asked, tuple) else asked)
        + " DESC" * descending + " NULLS LAST" * last
        for asked, descending, last in sorts
    )  # fmt: skip
    ordered = f" ORDER BY {order}" if sorts else ""
    return f"SELECT {', '.join(shown)} FROM User WHERE %s GROUP BY {by}%s{ordered}"


BRANDS = ["Red", "red", "Blue", "50%", "R_d", "Dark Green"]
several = st.lists(st.sampled_from(BRANDS), min_size=1, max_size=3, unique_by=folded).map(";".join)
shops = rows("Shop__c", [ids.make("a00", n) for n in range(1, 7)], {"Brands__c": st.none() | several})


@relaxed
@given(shops, st.sampled_from(["INCLUDES", "EXCLUDES"]), st.lists(st.just("") | several, min_size=1))
def test_choices_mean_what_they_say(
    bench: Bench, found: list[Record], operator: str, wanted: list[str]
) -> None:
    world = fill(bench, {"Shop__c": found})
    test = ("Brands__c", operator, tuple(wanted))
    for condition in (test, ("not", test)):
        query = f"SELECT Id FROM Shop__c WHERE {text_of(condition)}"

        expected = [row["Id"] for row in found if world.holds(condition, row)]

        assert [row[0] for row in answer(bench, query)] == expected, query
