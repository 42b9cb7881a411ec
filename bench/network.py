"""Where the machines of a bench stand.

With the right to make them, each is a network namespace of its own with a cable to one bridge, and a cable
can be pulled. Without it, each is an address of the loopback interface. The bridge has a namespace too; of
it all, the machine itself sees one interface. Addresses are of the block kept for benchmarks (RFC 2544).
Sources: ip-netns(8), ip-link(8), nsenter(1).
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "orgbox-bench-"
_SUBNET = "198.18.0."
_HUB = "hub"
_NAMESPACES = Path("/run/netns")


@dataclass(frozen=True)
class Place:
    """A machine: its address, and what a command on it begins with."""

    address: str = "127.0.0.1"
    entry: tuple[str, ...] = ()


LOCAL = Place()


class Loopback:
    """Machines that are addresses."""

    kind = "on loopback addresses"

    def __init__(self, names: Sequence[str]) -> None:
        self.places = {name: Place(f"127.0.0.{number}") for number, name in enumerate(names, 2)}

    def close(self) -> None:
        """Nothing was made."""


class Namespaces:
    """Machines that are network namespaces. Raises CalledProcessError where they cannot be made."""

    kind = "in network namespaces"

    def __init__(self, names: Sequence[str]) -> None:
        _sweep()
        self._own = f"{_PREFIX}{os.getpid()}-"
        self.places: dict[str, Place] = {}
        try:
            self._lay(names)
        except BaseException:
            self.close()
            raise

    def pull(self, name: str) -> None:
        """Pull the cable of a machine: nobody hears of it any more, nor it of anybody."""
        self._cable(name, "down")

    def plug(self, name: str) -> None:
        """Put the cable in again."""
        self._cable(name, "up")

    def close(self) -> None:
        """Remove all that was made."""
        for namespace in _NAMESPACES.glob(f"{self._own}*"):
            _remove(namespace.name)

    def _lay(self, names: Sequence[str]) -> None:
        hub = self._own + _HUB
        _ip("netns", "add", hub)
        _ip("-n", hub, "link", "add", "bridge", "type", "bridge")
        _ip("-n", hub, "link", "set", "bridge", "up")
        here = f"bench{os.getpid()}"
        _ip("-n", hub, "link", "add", "here", "type", "veth", "peer", "name", here, "netns", str(os.getpid()))
        _ip("-n", hub, "link", "set", "here", "master", "bridge", "up")
        _ip("address", "add", f"{_SUBNET}1/24", "dev", here)
        _ip("link", "set", here, "up")
        for number, name in enumerate(names, 2):
            self.places[name] = self._machine(name, f"{_SUBNET}{number}")

    def _machine(self, name: str, address: str) -> Place:
        hub, machine = self._own + _HUB, self._own + name
        _ip("netns", "add", machine)
        _ip("-n", hub, "link", "add", "dev", name, "type", "veth", "peer", "name", "eth0", "netns", machine)
        _ip("-n", hub, "link", "set", "dev", name, "master", "bridge", "up")
        _ip("-n", machine, "address", "add", f"{address}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _ip("-n", machine, "link", "set", interface, "up")
        return Place(address, ("nsenter", f"--net={_NAMESPACES / machine}"))

    def _cable(self, name: str, state: str) -> None:
        _ip("-n", self._own + _HUB, "link", "set", "dev", name, state)


Machines = Namespaces | Loopback


def network(names: Sequence[str]) -> Machines:
    """The machines of these names, in the best way there is here."""
    if os.geteuid() == 0 and shutil.which("ip") and shutil.which("nsenter"):
        with suppress(subprocess.CalledProcessError):
            return Namespaces(names)
    return Loopback(names)


def _sweep() -> None:
    """Remove what a run has left that was killed."""
    for namespace in _NAMESPACES.glob(f"{_PREFIX}*"):
        if not Path(f"/proc/{namespace.name.removeprefix(_PREFIX).partition('-')[0]}").exists():
            _remove(namespace.name)


def _remove(namespace: str) -> None:
    subprocess.run(["ip", "netns", "delete", namespace], check=False, stderr=subprocess.DEVNULL)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, stderr=subprocess.DEVNULL)
