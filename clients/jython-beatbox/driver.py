"""beatbox in the partner dialect, at version 32.0 as it says of itself; Python 2, run by Jython.

Records go one by one: of several results beatbox takes the slice [:], which Jython hands to its XML
parser in another form than CPython 2 does, so that nothing is found.
"""

import sys
import uuid

import beatbox

STEPS = (
    "login", "invite", "refused", "query", "queryMore", "retrieve", "describe", "delete", "logout", "expired",
)  # fmt: skip
USER, PASSWORD = "alice@acme.com", "orgbox1!"
SOBJECT = "CollaborationInvitation"
FIELDS = "Id, InvitedUserEmail, Status"
RUN = "run" + uuid.uuid4().hex[:12]
COLLEAGUES = [RUN + "." + str(n).zfill(3) + "@acme.com" for n in range(200)]
ONE_MORE = RUN + ".200@acme.com"
SOQL = (
    "SELECT " + FIELDS + " FROM " + SOBJECT + " WHERE InvitedUserEmail LIKE '" + RUN + "%'"
    " ORDER BY InvitedUserEmail"
)  # fmt: skip


def same(expected, actual):
    """The actual value; raises unless it is the expected one."""
    if expected != actual:
        raise AssertionError("expected " + repr(expected) + ", got " + repr(actual))
    return actual


class Driver:
    def __init__(self, url):
        self.client = beatbox.PythonClient()
        self.client.serverUrl = url + "/services/Soap/u/32.0"
        self.client.batchSize = 200

    def login(self):
        result = self.client.login(USER, PASSWORD)
        self.me = result["userId"]
        return same(USER, result["userInfo"]["userEmail"])

    def _create(self, address):
        [result] = self.client.create(
            [{"type": SOBJECT, "SharedEntityId": self.me, "InvitedUserEmail": address}]
        )
        return result

    def invite(self):
        for address in COLLEAGUES:
            same(True, self._create(address)["success"])
        return "200 colleagues"

    def refused(self):
        refused, saved = self._create(RUN + "@external.com"), self._create(ONE_MORE)
        same((False, True), (refused["success"], saved["success"]))
        [error] = refused["errors"]
        same(["InvitedUserEmail"], error["fields"])
        return same("FIELD_INTEGRITY_EXCEPTION", error["statusCode"])

    def query(self):
        self.batch = self.client.query(SOQL)
        same((False, 201), (self.batch.done, self.batch.size))
        same(COLLEAGUES, [record.InvitedUserEmail for record in self.batch])
        return str(len(self.batch)) + " of " + str(self.batch.size)

    def queryMore(self):
        rest = self.client.queryMore(self.batch.queryLocator)
        same(True, rest.done)
        return same([ONE_MORE], [record.InvitedUserEmail for record in rest])[0]

    def retrieve(self):
        [record] = self.client.retrieve(FIELDS, SOBJECT, [self.batch[0].Id])
        same(COLLEAGUES[0], record["InvitedUserEmail"])
        return same("Sent", record["Status"])

    def describe(self):
        [described] = self.client.describeSObjects([SOBJECT])
        same((True, False), (described.createable, described.updateable))
        return same("0H1", described.keyPrefix)

    def delete(self):
        [deleted] = self.client.delete([self.batch[0].Id])
        same(True, deleted["success"])
        return same(self.batch[0].Id, deleted["id"])

    logout = "the library has no logout"

    def expired(self):
        self.client.sessionId = "00D00e000000001!gone"
        try:
            self.client.getUserInfo()
        except beatbox.SessionTimeoutError as error:
            return same("INVALID_SESSION_ID", error.faultCode.split(":")[-1]) + " as SessionTimeoutError"
        raise AssertionError("the session still works")


print("client partner beatbox 32.1")
driver = Driver(sys.argv[1])
held = True
for step in STEPS:
    action = getattr(driver, step)
    if isinstance(action, str):
        print(" ".join(["n/a", step, action]))
        continue
    try:
        print(" ".join(["ok", step, action()]))
    except Exception as error:
        held = False
        print(" ".join(["FAIL", step, type(error).__name__, str(error).replace("\n", " ")]))
sys.exit(0 if held else 1)
