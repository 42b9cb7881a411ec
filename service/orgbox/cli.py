"""The command `orgbox`."""

import importlib

import click

from orgbox import __version__

_COMMANDS = {
    "check": "orgbox.check_command:check",
    "export": "orgbox.data_commands:export",
    "load": "orgbox.data_commands:load",
    "org": "orgbox.org_commands:org",
    "query": "orgbox.data_commands:query",
    "reset": "orgbox.service_commands:reset",
    "schema": "orgbox.schema_commands:schema",
    "secure": "orgbox.secure_command:secure",
    "serve": "orgbox.service_commands:serve",
    "tls": "orgbox.service_commands:tls",
    "wsdl": "orgbox.wsdl_command:wsdl",
}
"""Name -> where it is."""


class _Commands(click.Group):
    """Imports a command when it is used, so that none waits for what the others need. (Click
    documentation, "Lazily Loading Subcommands")
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names for the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=_Commands)
@click.version_option(__version__)
def main() -> None:
    """A Salesforce org in a box: an emulator of the Salesforce SOAP API."""


if __name__ == "__main__":
    main()
