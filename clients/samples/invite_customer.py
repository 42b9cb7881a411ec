"""Invite a customer and tell of an error: invite_customer.apex, the Apex sample of the reference page of
CollaborationInvitation, in Python.

    python invite_customer.py http://127.0.0.1:8080
    python invite_customer.py http://127.0.0.1:8080 alice@acme.com     says why a user cannot be invited
"""

import sys

from orgbox_client import Connection, DmlException, connect


def invite_customer(sf: Connection, email_address: str = "bob@external.com") -> None:
    chatter_group = sf.query("""
        SELECT Id
        FROM CollaborationGroup
        WHERE Name='All acme.com'
        LIMIT 1""")[0]
    inv = sf.new("CollaborationInvitation")
    inv.SharedEntityId = chatter_group.id
    inv.InvitedUserEmail = email_address

    try:
        sf.insert(inv)
    except DmlException as e:
        print("There was an error with the invite: " + str(e))


def main(url: str, *email_address: str) -> None:
    with connect(url, "alice@acme.com", "orgbox1!") as sf:
        invite_customer(sf, *email_address)


if __name__ == "__main__":
    main(*sys.argv[1:])
