"""What every Python client of the matrix does: the steps in their order, one line for each."""

import sys
import uuid
from typing import Any

STEPS = (
    "login", "invite", "refused", "query", "queryMore", "retrieve", "describe", "delete", "logout", "expired",
)  # fmt: skip
USER, PASSWORD = "alice@acme.com", "orgbox1!"
SOBJECT = "CollaborationInvitation"
FIELDS = "Id, InvitedUserEmail, Status"
RUN = "run" + uuid.uuid4().hex[:12]
OUTSIDER = RUN + "@external.com"
COLLEAGUES = [f"{RUN}.{n:03}@acme.com" for n in range(200)]
ONE_MORE = f"{RUN}.200@acme.com"
SOQL = f"SELECT {FIELDS} FROM {SOBJECT} WHERE InvitedUserEmail LIKE '{RUN}%' ORDER BY InvitedUserEmail"


def same(expected: object, actual: object) -> str:
    """The actual value as text; raises unless it is the expected one."""
    if expected != actual:
        raise AssertionError(f"expected {expected!r}, got {actual!r}")
    return str(actual)


def run(dialect: str, library: str, driver: Any) -> None:
    """Takes the driver's steps: methods that return what they saw, or why the client has no such function.

    Exits with 0 only if every step held.
    """
    print("client", dialect, library, flush=True)
    held = True
    for step in STEPS:
        action = getattr(driver, step)
        if isinstance(action, str):
            print("n/a", step, action, flush=True)
            continue
        try:
            print("ok", step, action(), flush=True)
        except Exception as error:
            held = False
            print("FAIL", step, f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)
    sys.exit(0 if held else 1)
