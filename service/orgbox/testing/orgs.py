"""An org in the hands of a test: where clients meet it, and what can be done to it and seen of it."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from orgbox.control import ControlClient, ControlError
from orgbox.frozen import value
from orgbox.testing.calls import Calls
from orgbox.testing.handles import Faults, Mailbox, OrgClock, Settings

if TYPE_CHECKING:
    from orgbox_client import Connection

_ADMINISTRATOR = "System Administrator"


@value
class OrgUser:
    """A user of the org."""

    id: str
    username: str
    name: str
    email: str
    profile: str
    active: bool


class OrgUnderTest:
    """An org made for a test. Used as a context manager, or deleted by `delete()`."""

    def __init__(self, control: ControlClient, made: Mapping[str, Any]) -> None:
        self.id: str = made["id"]
        self.name: str = made["name"]
        self.login_url: str = made["login_url"]
        self.password: str = made.get("password") or ""
        self._control = control
        self._connections: list[Connection] = []
        self.settings = Settings(control, self.id)
        self.clock = OrgClock(control, self.id)
        self.mailbox = Mailbox(control, self.id)
        self.faults = Faults(control, self.id)
        self.calls = Calls(control, self.id)

    def __enter__(self) -> "OrgUnderTest":
        return self

    def __exit__(self, *error: object) -> None:
        self.delete()

    @property
    def url(self) -> str:
        """The partner endpoint of the newest version; `endpoint` gives every other."""
        return self.endpoint("u", "66.0")

    def endpoint(self, dialect: Literal["u", "c"] = "u", version: str = "66.0") -> str:
        """Where a client signs in: partner (`u`) or enterprise (`c`). Its WSDL is there with `?wsdl`."""
        return f"{self.login_url}/services/Soap/{dialect}/{version}"

    @cached_property
    def users(self) -> dict[str, OrgUser]:
        """The users the org began with, by user name."""
        found = self._control.get("orgs", self.id, "users")["users"]
        return {user["username"]: OrgUser(**user) for user in found}

    @property
    def admin(self) -> OrgUser:
        """The first System Administrator, or the first user of an org without one."""
        users = list(self.users.values())
        return next((user for user in users if user.profile == _ADMINISTRATOR), users[0])

    @cached_property
    def sf(self) -> "Connection":
        """The administrator signed in by `orgbox_client`, in the newest version, enterprise dialect."""
        return self.connect(self.admin.username)

    def connect(
        self,
        username: str,
        password: str | None = None,
        version: str = "66.0",
        dialect: Literal["enterprise", "partner"] = "enterprise",
    ) -> "Connection":
        """A user signed in by `orgbox_client`, which the extra `orgbox[client]` brings.

        The WSDL is read once for all orgs of a service. Raises orgbox_client.ApiFault.
        """
        from orgbox_client import Connection  # loads zeep, which other tests do without
        from orgbox_client.soap import Soap

        soap = Soap(self._control.url, version, dialect, 60.0)
        soap.move(self.endpoint("c" if dialect == "enterprise" else "u", version))
        secret = self.password if password is None else password
        try:
            made = Connection(soap, soap.call("login", username=username, password=secret))
        except BaseException:
            soap.close()
            raise
        self._connections.append(made)
        return made

    def snapshot(self, name: str = "snapshot") -> None:
        """Keep what the org has now under a name."""
        self._control.put("orgs", self.id, "snapshots", name)

    def restore(self, name: str = "snapshot") -> None:
        """Bring the org back to a snapshot; fault rules go. Raises ControlError if there is none."""
        self._control.post("orgs", self.id, "snapshots", name, "restore")

    def reset(self) -> None:
        """Bring the org back to its seed; fault rules go, who is signed in stays so."""
        self._control.post("orgs", self.id, "reset")

    def fork(self, name: str | None = None) -> "OrgUnderTest":
        """Another org with all that this one has. It is the caller's to delete."""
        made = self._control.post("orgs", self.id, "fork", name=name)
        return OrgUnderTest(self._control, {**made, "password": self.password})

    def delete(self) -> None:
        """Remove the org. Nothing happens when it is gone already."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        with suppress(ControlError):
            self._control.delete("orgs", self.id)
