"""Invite a colleague to join Chatter: invite_people.java, the first Java sample of the reference page of
CollaborationInvitation, in Python.

    python invite_people.py http://127.0.0.1:8080 bob@acme.com
"""

import sys

from orgbox_client import Connection, connect


def invite_people(sf: Connection, inviter_user_id: str, invited_email: str) -> None:
    invitation = sf.new("CollaborationInvitation")
    invitation.SharedEntityId = inviter_user_id  # pass the userId of the inviter
    invitation.InvitedUserEmail = invited_email  # email of the invited user
    sf.insert(invitation)


def main(url: str, invited_email: str) -> None:
    with connect(url, "alice@acme.com", "orgbox1!") as sf:
        invite_people(sf, sf.user_id, invited_email)
        print(f"{sf.user_info.userFullName} invited {invited_email}")


if __name__ == "__main__":
    main(*sys.argv[1:])
