"""Kinds of transactions. Whoever begins one, for SQLite or PostgreSQL, finds its kind among the connection's
execution options.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection

MODE = "orgbox_mode"

Parameters = Sequence[Any] | Mapping[str, Any]


class Mode(Enum):
    """READ sees one snapshot, WRITE may wait for others, ALONE is for what happens once, without haste.

    NOTE is a WRITE that all see at once, but that the machine may forget when its power fails.
    """

    READ = auto()
    WRITE = auto()
    NOTE = auto()
    ALONE = auto()


def mode_of(connection: Connection) -> Mode:
    """The kind of a connection's transaction."""
    found: Mode = connection.get_execution_options().get(MODE, Mode.WRITE)
    return found
