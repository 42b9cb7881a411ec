"""The settings as flags of a command."""

from collections.abc import Callable
from typing import Any

import click

from orgbox.config import SETTINGS


def settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each setting."""
    for setting in reversed(SETTINGS):
        shown = f"{setting.help} [{setting.variable}, default {setting.default!r}]"
        name = setting.flag + (f"/--no-{setting.flag[2:]}" if isinstance(setting.default, bool) else "")
        kind = None if isinstance(setting.default, bool) else type(setting.default)
        command = click.option(name, setting.name, type=kind, default=None, help=shown)(command)
    return command
