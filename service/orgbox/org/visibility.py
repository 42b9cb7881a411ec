"""Which SObjects and which rows a user sees: the one place that decides, for every call.

Users with nothing but Chatter (UserType CsnOnly) see people, groups and what belongs to them, no data and
no setup. Customers among them (no permission ChatterInternalUser) see only the groups they are in and
the people there. Unlisted groups are seen by their members and by those with Manage Unlisted Groups;
Modify All Data is not enough. Requests to join are seen by who made them and who runs the group, and with
View All Data or Modify All Data.
Sources: the reference page of CollaborationInvitation; Object Reference, CollaborationGroup and
CollaborationGroupMemberRequest.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, case, exists, false, or_, select

from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import SObject
from orgbox.frozen import entity
from orgbox.org.schema import Schema
from orgbox.org.user import User
from orgbox.soql.compile import RowFilter

Condition = ColumnElement[bool] | None
MEMBERS_ONLY = ("InformationTitle", "InformationTitle_ci", "InformationBody", "GroupEmail")
"""Columns of a private group that only its members see, and those with View All Data or Modify All Data."""


def visible_catalog(catalog: Catalog, user: User) -> Catalog:
    """The part of a catalogue that a user knows; the same object each time."""
    return catalog.for_chatter if user.user_type == "CsnOnly" else catalog


def may_edit(user: User, sobject: SObject) -> bool:
    """Whether the user may change records of an SObject at all; rules say which ones."""
    return sobject.edit_permission is None or user.may(sobject.edit_permission)


def administers(user: User, group_type: str) -> bool:
    """Whether the user runs groups of this access type without belonging to them."""
    return user.may("ManageUnlistedGroups" if group_type == "Unlisted" else "ModifyAllData")


@entity
class Sight:
    """What users of a kind read: the condition on rows; which private groups they read whole, if not all."""

    condition: Callable[[SObject, FromClause], Condition]
    private: Callable[[FromClause], ColumnElement[bool]] | None = None

    def __call__(self, sobject: SObject, rows: FromClause) -> Condition:
        """The condition on rows, None where there is none."""
        return self.condition(sobject, rows)

    def shown(self, sobject: SObject, rows: FromClause, name: str) -> ColumnElement[Any] | None:
        """What is shown of a column of groups that is not for everybody; None for any other."""
        if self.private is None or sobject.name != "CollaborationGroup":
            return None
        if name == "HasPrivateFieldsAccess":
            return case((self.private(rows), rows.c[name]), else_=false())
        return case((self.private(rows), rows.c[name])) if name in MEMBERS_ONLY else None


class Rows:
    """Conditions on rows, for the tables of a schema."""

    def __init__(self, schema: Schema) -> None:
        self._groups = schema.records["CollaborationGroup"]
        self._members = schema.records["CollaborationGroupMember"]
        self._customer = Sight(self.of_customer, self._is_open)
        self._coworker = Sight(self.of_coworker, self._is_open)
        self._keeper = Sight(self.of_keeper, self._is_open)
        self._administrator = Sight(self.of_administrator)

    def filter_of(self, user: User) -> RowFilter | None:
        """The condition on what the user reads; None for who sees every row."""
        if not user.may("ChatterInternalUser"):
            return self._customer
        unlisted = user.may("ManageUnlistedGroups")
        if user.may("ViewAllData") or user.may("ModifyAllData"):
            return None if unlisted else self._administrator
        return self._keeper if unlisted else self._coworker

    def of_administrator(self, sobject: SObject, rows: FromClause) -> Condition:
        """Everything but unlisted groups of others and what is in them."""
        if sobject.name == "CollaborationGroup":
            return or_(rows.c.CollaborationType != "Unlisted", rows.c.Id.in_(self._my_groups()))
        if sobject.name in ("CollaborationGroupMember", "CollaborationGroupMemberRequest"):
            return ~self._is_in_hidden_group(rows.c.CollaborationGroupId)
        if sobject.name == "EntitySubscription":
            return ~self._is_in_hidden_group(rows.c.ParentId)
        return None

    def of_keeper(self, sobject: SObject, rows: FromClause) -> Condition:
        """Everything but requests of others to join groups of others: for who keeps the unlisted groups."""
        if sobject.name == "CollaborationGroupMemberRequest":
            run_by_me = self._my_groups(role="Admin")
            return or_(rows.c.RequesterId == bindparam("user"), rows.c.CollaborationGroupId.in_(run_by_me))
        return None

    def of_coworker(self, sobject: SObject, rows: FromClause) -> Condition:
        """What is neither hidden from administrators nor from keepers."""
        hidden = self.of_keeper(sobject, rows)
        return self.of_administrator(sobject, rows) if hidden is None else hidden

    def of_customer(self, sobject: SObject, rows: FromClause) -> Condition:
        """One's own groups, the people in them, and what one has made."""
        me: ColumnElement[Any] = bindparam("user")
        match sobject.name:
            case "CollaborationGroup":
                return rows.c.Id.in_(self._my_groups())
            case "CollaborationGroupMember":
                return rows.c.CollaborationGroupId.in_(self._my_groups())
            case "CollaborationGroupMemberRequest":
                return rows.c.RequesterId == me
            case "CollaborationInvitation":
                return rows.c.InviterId == me
            case "EntitySubscription":
                return rows.c.SubscriberId == me
            case "User":
                return or_(rows.c.Id == me, rows.c.Id.in_(self._my_people()))
        return None

    def _is_open(self, groups: FromClause) -> ColumnElement[bool]:
        """Whether all of a group is for the reader: it is not private, or one's own."""
        return or_(groups.c.CollaborationType != "Private", groups.c.Id.in_(self._my_groups()))

    def _my_groups(self, role: str = "") -> Select[Any]:
        """The groups one is a member of, or of those the ones where one has a role."""
        mine = self._members.alias()
        found = select(mine.c.CollaborationGroupId).where(
            mine.c.org == bindparam("org"), mine.c.MemberId == bindparam("user")
        )
        return found.where(mine.c.CollaborationRole == role) if role else found

    def _my_people(self) -> Select[Any]:
        theirs = self._members.alias()
        return select(theirs.c.MemberId).where(
            theirs.c.org == bindparam("org"), theirs.c.CollaborationGroupId.in_(self._my_groups())
        )

    def _is_in_hidden_group(self, group_id: ColumnElement[Any]) -> ColumnElement[bool]:
        group = self._groups.alias()
        return exists(
            select(group.c.Id).where(
                group.c.org == bindparam("org"), group.c.Id == group_id,
                group.c.CollaborationType == "Unlisted", group.c.Id.not_in(self._my_groups()),
            )
        )  # fmt: skip
