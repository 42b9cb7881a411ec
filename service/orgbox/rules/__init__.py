"""Why a record is refused and what follows from it: one module for each SObject that has behaviour."""

from collections.abc import Mapping

from orgbox.org.rulebook import Rules
from orgbox.rules import (
    collaboration_group,
    collaboration_group_member,
    collaboration_group_member_request,
    collaboration_invitation,
    entity_subscription,
    user,
)

RULES: Mapping[str, Rules] = {
    "CollaborationGroup": collaboration_group.RULES,
    "CollaborationGroupMember": collaboration_group_member.RULES,
    "CollaborationGroupMemberRequest": collaboration_group_member_request.RULES,
    "CollaborationInvitation": collaboration_invitation.RULES,
    "EntitySubscription": entity_subscription.RULES,
    "User": user.RULES,
}
"""The rules every org has, by SObject."""
