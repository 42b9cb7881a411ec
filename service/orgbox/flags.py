"""What commands share: the settings as flags, and how they say no."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from orgbox.config import SETTINGS
from orgbox.errors import CannotStart

_Command = Callable[..., Any]


def settings(*names: str) -> Callable[[_Command], _Command]:
    """A flag for each setting of these names, or for every setting."""

    def with_flags(command: _Command) -> _Command:
        for setting in reversed([s for s in SETTINGS if s.name in names or not names]):
            shown = f"{setting.help} [{setting.variable}, default {setting.default!r}]"
            name = setting.flag + (f"/--no-{setting.flag[2:]}" if isinstance(setting.default, bool) else "")
            kind = None if isinstance(setting.default, bool) else type(setting.default)
            command = click.option(name, setting.name, type=kind, default=None, help=shown)(command)
        return command

    return with_flags


@contextmanager
def refusing() -> Iterator[None]:
    """Say in one line why it cannot be."""
    try:
        yield
    except (CannotStart, ValueError, OverflowError, OSError) as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
