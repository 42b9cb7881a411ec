"""USING SCOPE, WITH, FOR and UPDATE: what is done, and what is refused as the service refuses it.

Source: SOQL reference, USING SCOPE, WITH, UPDATE, FOR VIEW, FOR REFERENCE; release notes Summer
'24.
"""

from orgbox.catalog import SObject
from orgbox.soql.bound import Comparison, Test, UserId
from orgbox.soql.errors import OLD_TEXTS_BEFORE, unsupported_fault
from orgbox.soql.names import Names
from orgbox.soql.nodes import Select, With
from orgbox.soql.operands import Column
from orgbox.soql.viewer import Viewer

SCOPES = frozenset(
    "delegated everything mine mine_and_my_groups my_territory my_team_territory scopingrule team".split()
)
_MODE_TEXT = (
    "rule soqlWithIdentifierClause failed predicate: "
    "{this.helper.allowApexSyntax() && this.helper.hasApexContext()}?"
)


def refuse_clauses(select: Select, names: Names, viewer: Viewer) -> None:
    """Raise for a clause that this SObject, the API or the emulator does not allow."""
    for clause in select.withs:
        _refuse_with(clause, names, viewer)
    for word in select.updates:
        kind = word.text.upper()
        if kind not in ("TRACKING", "VIEWSTAT"):
            raise names.fault("MALFORMED_QUERY", f"unexpected token: '{word.text}'", word.offset)
        text = f"UPDATE {kind} is not allowed for the entity '{names.root.sobject.name}'"
        raise names.fault("MALFORMED_QUERY", text, word.offset)
    for source in select.sources:
        if source.scope:
            _check_scope(source.scope.text, source.scope.offset, names)


def _refuse_with(clause: With, names: Names, viewer: Viewer) -> None:
    """SECURITY_ENFORCED, USER_MODE and SYSTEM_MODE are for Apex, as is any word that stands alone."""
    word = clause.name
    if clause.what == "word":
        old = f"{word} not allowed in this context"
        text = old if viewer.version < OLD_TEXTS_BEFORE else _MODE_TEXT
        raise names.fault("MALFORMED_QUERY", text, clause.offset)
    if clause.what == "data category":
        text = f"WITH DATA CATEGORY is not allowed for the entity '{names.root.sobject.name}'"
        raise names.fault("MALFORMED_QUERY", text, clause.offset)
    raise unsupported_fault(f"WITH {word}", names.text, clause.offset)


def _check_scope(scope: str, offset: int, names: Names) -> None:
    sobject = names.root.sobject
    if scope.lower() == "everything":
        return
    if scope.lower() not in SCOPES or scope.lower() not in dict(sobject.scopes):
        text = f"The scope '{scope}' is not supported for the entity '{sobject.name}'"
        raise names.fault("INVALID_QUERY_SCOPE", text, offset)
    if scope.lower() != "mine":
        raise unsupported_fault(f"USING SCOPE {scope}", names.text, offset)


def mine(select: Select, names: Names, viewer: Viewer) -> Test | None:
    """The condition of USING SCOPE mine: records the viewer owns; of User, the viewer."""
    scopes = [source.scope.text.lower() for source in select.sources if source.scope]
    if "mine" not in scopes:
        return None
    owner = names.root.sobject.field("OwnerId")
    column: Column = names.root.column(owner) if owner else names.root.id
    return Comparison(column, "=", UserId())


def mark(select: Select, sobject: SObject) -> str:
    """What FOR VIEW and FOR REFERENCE have noted of the records found; nothing where no field shows it."""
    kept = select.marks and sobject.field("LastViewedDate")
    return select.marks[0].text.lower() if kept else ""


def refuse_marks(select: Select, names: Names) -> None:
    """Raise for a child subquery with FOR."""
    for word in select.marks:
        raise unsupported_fault(f"FOR {word.text.upper()} in a child subquery", names.text, word.offset)
