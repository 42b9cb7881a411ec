"""Plans: kept by shape, one statement for many parents, rows hidden from the viewer."""

import pytest
from sqlalchemy import bindparam

from orgbox.errors import ApiFault
from orgbox.limits import STRICT
from orgbox.soql import bind, compile, parse
from soql_bench import NOW, ORG, Bench


def ask(bench: Bench, text: str, **options) -> list[tuple]:
    prepared = bench.prepare(text, bench.viewer(), **options)
    values = prepared.values(ORG, NOW)
    return prepared.plan.complete(bench.run(prepared.plan.rows, values), values, bench.run)


def test_queries_of_one_shape_share_a_plan_and_keep_their_values(bench: Bench) -> None:
    first = bench.prepare("SELECT Id FROM User WHERE Name LIKE 'a%'", bench.viewer())
    second = bench.prepare("SELECT Id FROM User WHERE Name LIKE 'b%'", bench.viewer())

    assert first.plan is second.plan
    assert bench.run(second.plan.rows, second.values(ORG, NOW)) == [(bench.ids["bob"],)]
    assert bench.run(first.plan.rows, first.values(ORG, NOW)) == [(bench.ids["ada"],)]


def test_a_kept_plan_still_refuses_the_values_of_the_next_text(bench: Bench) -> None:
    good, bad = (f"SELECT Id FROM User WHERE Id = '{id_}'" for id_ in ("005000000000001", "00500000000000"))
    ask(bench, good)

    with pytest.raises(ApiFault) as caught:
        ask(bench, bad)

    assert caught.value.message.endswith("ERROR at Row:1:Column:27\ninvalid ID field: 00500000000000")


def test_the_fault_of_a_text_like_another_is_placed_in_the_text_itself(bench: Bench) -> None:
    text = "SELECT Id FROM User WHERE Name = '{}' AND Id = '{}'"
    ask(bench, text.format("a name of some length", "005000000000001"))

    with pytest.raises(ApiFault) as caught:
        ask(bench, text.format("b", "bad"))

    assert caught.value.message.endswith("ERROR at Row:1:Column:42\ninvalid ID field: bad")


def test_a_text_like_another_can_be_the_first_to_need_a_plan(bench: Bench) -> None:
    ask(bench, "SELECT Id FROM User WHERE Name = 'ada'")

    assert ask(bench, "SELECT Id FROM User WHERE Name = 'bob builder'", all_rows=True) == ask(
        bench, "SELECT Id FROM User WHERE Name = 'bob builder' LIMIT 9"
    )


def test_date_words_are_reckoned_at_each_execution(bench: Bench) -> None:
    prepared = bench.prepare("SELECT COUNT() FROM User WHERE CreatedDate = TODAY", bench.viewer())
    year_before = NOW.replace(year=2023, month=1, day=1)

    assert bench.run(prepared.plan.count, prepared.values(ORG, NOW)) == [(1,)]
    assert bench.run(prepared.plan.count, prepared.values(ORG, year_before)) == [(1,)]
    assert bench.run(prepared.plan.count, prepared.values(ORG, NOW.replace(day=17))) == [(0,)]


def test_the_number_of_statements_does_not_grow_with_the_number_of_rows(bench: Bench) -> None:
    text = (
        "SELECT Name, (SELECT MemberId FROM GroupMembers), (SELECT Id, TYPEOF Parent "
        "WHEN CollaborationGroup THEN Owner.Name ELSE Name END FROM FeedSubscriptionsForEntity) "
        "FROM CollaborationGroup"
    )
    prepared = bench.prepare(text, bench.viewer())
    values, executed = prepared.values(ORG, NOW), []

    def run(statement, values):
        executed.append(statement)
        return bench.run(statement, values)

    rows = prepared.plan.complete(run(prepared.plan.rows, values), values, run)

    assert (len(rows), len(executed)) == (3, 4)


class Hiding:
    """Hides rows by a condition on one SObject, and no field."""

    def __init__(self, name, condition):
        self._name, self._condition = name, condition

    def __call__(self, sobject, table):
        return self._condition(table) if sobject.name == self._name else None

    def shown(self, sobject, table, name):
        return None


no_bob = Hiding("User", lambda table: table.c.Name != "bob Builder")
only_own_memberships = Hiding(
    "CollaborationGroupMember", lambda table: table.c.MemberId == bindparam("user")
)


def test_a_hidden_record_is_not_found_and_not_counted(bench: Bench) -> None:
    names = [row[1] for row in ask(bench, "SELECT Id, Name FROM User", row_filter=no_bob)]
    prepared = bench.prepare("SELECT COUNT() FROM User", bench.viewer(), row_filter=no_bob)

    assert names == ["Ada Admin", "Carl_X", "Émile 50% d'Or"]
    assert bench.run(prepared.plan.count, prepared.values(ORG, NOW)) == [(3,)]


def test_a_hidden_parent_is_as_if_it_were_not_there(bench: Bench) -> None:
    text = "SELECT Id, Manager.Name FROM User WHERE Name = 'Carl_X' AND Manager.Name = null"

    assert ask(bench, text, row_filter=no_bob) == [(bench.ids["carl"], None, None)]


def test_a_hidden_child_is_not_attached(bench: Bench) -> None:
    text = "SELECT Id, (SELECT Id FROM Users) FROM Profile WHERE Name = 'Standard User'"
    (row,) = ask(bench, text, row_filter=no_bob)

    assert row[1].rows == [(bench.ids["emile"],)]


def test_a_hidden_record_does_not_count_in_a_semi_join(bench: Bench) -> None:
    text = (
        "SELECT Id FROM CollaborationGroup WHERE Id IN "
        "(SELECT CollaborationGroupId FROM CollaborationGroupMember)"
    )

    assert ask(bench, text, row_filter=only_own_memberships) == [(bench.ids["all"],)]


def test_another_org_is_never_read(bench: Bench) -> None:
    prepared = bench.prepare(
        "SELECT Id, (SELECT Id FROM Users) FROM Profile WHERE Id IN (SELECT ProfileId FROM User)",
        bench.viewer(),
    )
    values = prepared.values(999, NOW)

    assert bench.run(prepared.plan.rows, values) == []


def test_all_fields_of_up_to_200_ids_need_no_limit(bench: Bench) -> None:
    text = "SELECT FIELDS(ALL) FROM UserRole WHERE Id IN ({})"

    ask(bench, text.format(", ".join(["'00E000000000001'"] * 200)))

    with pytest.raises(ApiFault):
        ask(bench, text.format(", ".join(["'00E000000000001'"] * 201)))


def test_a_statement_is_the_same_whenever_it_becomes_text(bench: Bench) -> None:
    query = (
        "SELECT Id, (SELECT Id FROM GroupMemberships LIMIT 3) FROM User WHERE Name LIKE 'a%b' "
        "AND CreatedDate = LAST_N_DAYS:3 AND Id IN (SELECT OwnerId FROM CollaborationGroup WHERE Name != 'x')"
    )
    bound = bind(parse(query, STRICT), bench.catalog, bench.viewer())
    texts = []
    for order in (("rows", "ids", "page", "count"), ("count", "page", "ids", "rows")):
        plan = compile(bound, bench.tables)
        values = plan.values(ORG, NOW, bound.viewer, bound.literals) | {"ids": [], "keys": [], "most": 9}
        asked = {name: getattr(plan, name).on("sqlite", values) for name in order}
        asked["children"] = plan.attachments[0].records.statement.on("sqlite", values)
        texts.append(asked)

    assert texts[0] == texts[1]
