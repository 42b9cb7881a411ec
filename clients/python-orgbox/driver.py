"""orgbox_client, the Python client of this repository; either dialect."""

import sys
from typing import Any

from matrix_steps import COLLEAGUES, FIELDS, ONE_MORE, OUTSIDER, PASSWORD, SOBJECT, SOQL, USER, run, same
from orgbox_client import ApiFault, Connection, QueryResult, Record, SaveResult, connect

URL, DIALECT = sys.argv[1:3]


class Driver:
    sf: Connection
    found: QueryResult[Record]

    def login(self) -> str:
        self.sf = connect(URL, USER, PASSWORD, dialect=DIALECT)
        return same(USER, self.sf.call("getUserInfo").userName)

    def _insert(self, *addresses: str, **options: Any) -> list[SaveResult]:
        invitations = [
            self.sf.new(SOBJECT, SharedEntityId=self.sf.user_id, InvitedUserEmail=address)
            for address in addresses
        ]
        return self.sf.insert(invitations, **options)

    def invite(self) -> str:
        return f"{same(200, len(self._insert(*COLLEAGUES)))} colleagues"

    def refused(self) -> str:
        refused, saved = self._insert(OUTSIDER, ONE_MORE, all_or_none=False)
        same((False, True), (refused.success, saved.success))
        [error] = refused.errors
        same(("InvitedUserEmail",), error.fields)
        return same("FIELD_INTEGRITY_EXCEPTION", error.status_code)

    def query(self) -> str:
        self.found = self.sf.query(SOQL, batch_size=200)
        same(COLLEAGUES, [self.found[n].InvitedUserEmail for n in range(200)])
        same(False, self.found.done)
        return f"200 of {same(201, self.found.size)}"

    def queryMore(self) -> str:
        last = self.found[200]
        same(True, self.found.done)
        return same(ONE_MORE, last.InvitedUserEmail)

    def retrieve(self) -> str:
        [record] = self.sf.retrieve(FIELDS, SOBJECT, [self.found[0].Id])
        same(COLLEAGUES[0], record.InvitedUserEmail)
        return same("Sent", record.Status)

    def describe(self) -> str:
        described = self.sf.describe(SOBJECT)
        same((True, False), (described.createable, described.updateable))
        return same("0H1", described.keyPrefix)

    def delete(self) -> str:
        [deleted] = self.sf.delete(self.found[0])
        same(True, deleted.success)
        return same(self.found[0].Id, deleted.id)

    def logout(self) -> str:
        self.sf.logout()
        return "signed out"

    def expired(self) -> str:
        try:
            self.sf.call("getUserInfo")
        except ApiFault as fault:
            return same("INVALID_SESSION_ID", fault.exception_code) + " as ApiFault"
        raise AssertionError("the session still works")


run(DIALECT, "orgbox_client", Driver())
