"""Invite a customer from a group that allows customers: invite_to_group.java, the second Java sample of
the reference page of CollaborationInvitation, in Python.

The page lacks the quote that closes the group's name; the service answers MALFORMED_QUERY, and so
`invite_to_group` raises it. `invite_to_group_soundly` closes the quote.

    python invite_to_group.py http://127.0.0.1:8080 "All acme.com" bob@external.com
"""

import sys

from orgbox_client import ApiFault, Connection, connect, quote


def invite_to_group(sf: Connection, group_name: str, invited_email: str) -> None:
    qr = sf.query("select id from collaborationgroup where name = '" + group_name)  # pass the group name
    group_id = qr[0].Id
    invitation = sf.new("CollaborationInvitation")
    invitation.SharedEntityId = group_id  # pass the groupId
    invitation.InvitedUserEmail = invited_email  # email of the invited user
    sf.insert(invitation)


def invite_to_group_soundly(sf: Connection, group_name: str, invited_email: str) -> None:
    qr = sf.query(f"select id from collaborationgroup where name = {quote(group_name)}")
    group_id = qr[0].Id
    invitation = sf.new("CollaborationInvitation")
    invitation.SharedEntityId = group_id
    invitation.InvitedUserEmail = invited_email
    sf.insert(invitation)


def main(url: str, group_name: str, invited_email: str) -> None:
    with connect(url, "alice@acme.com", "orgbox1!") as sf:
        try:
            invite_to_group(sf, group_name, invited_email)
        except ApiFault as fault:
            print(f"As printed: {fault.exception_code} at row {fault.row}, column {fault.column}")
        invite_to_group_soundly(sf, group_name, invited_email)
        print(f"With the quote closed: invited {invited_email} to {group_name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
