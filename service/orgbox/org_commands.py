"""`orgbox org …`: the orgs of a running service, through its control API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orgbox.control import ControlClient, ControlError


class _Answering(click.Group):
    """Says what the service refused in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ControlError as error:
            hint = ": --key must be the key that the service printed at start" if error.status == 401 else ""
            raise click.ClickException(f"{error}{hint}") from None


@click.group(cls=_Answering)
@click.option("--url", default="http://127.0.0.1:8080", envvar="ORGBOX_URL", show_default=True,
              help="Where the service is. [ORGBOX_URL]")  # fmt: skip
@click.option("--key", default="", envvar="ORGBOX_CONTROL_KEY",
              help="Its control key. [ORGBOX_CONTROL_KEY]")  # fmt: skip
@click.pass_context
def org(context: click.Context, url: str, key: str) -> None:
    """Make, list, bring back and remove orgs of a running service."""
    context.obj = ControlClient(url, key)
    context.call_on_close(context.obj.close)


def _show(made: dict[str, Any]) -> None:
    click.echo(f"{made['id']}  {made['login_url']}  {made['name']}")


@org.command()
@click.option("--seed", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="TOML file; without it the service's own seed.")  # fmt: skip
@click.option("--name", help="Name of the org, if not that of the seed.")
@click.pass_obj
def create(control: ControlClient, seed: Path | None, name: str | None) -> None:
    """Make an isolated org. Prints its Id and the base URL for clients."""
    _show(control.post("orgs", seed=seed.read_text("utf-8") if seed else None, name=name))


@org.command("list")
@click.pass_obj
def list_orgs(control: ControlClient) -> None:
    """Print every org."""
    for found in control.get("orgs")["orgs"]:
        _show(found)


@org.command()
@click.argument("org_id")
@click.option("--name", help="Name of the new org, if not that of the old one.")
@click.pass_obj
def fork(control: ControlClient, org_id: str, name: str | None) -> None:
    """Make an isolated org with all that another one has."""
    _show(control.post("orgs", org_id, "fork", name=name))


def _command(help_: str, act: Callable[[ControlClient, str], object]) -> click.Command:
    def run(org_id: str) -> None:
        act(click.get_current_context().obj, org_id)

    return click.Command(None, callback=run, params=[click.Argument(["org_id"])], help=help_)


org.add_command(_command("Remove an org and its snapshots.", lambda c, i: c.delete("orgs", i)), "delete")
org.add_command(
    _command("Bring an isolated org back to its seed.", lambda c, i: c.post("orgs", i, "reset")), "reset"
)


@org.command()
@click.argument("org_id")
@click.argument("name", required=False)
@click.pass_obj
def snapshot(control: ControlClient, org_id: str, name: str | None) -> None:
    """Keep what an org has now under a name. Without a name, print its snapshots."""
    if name:
        control.put("orgs", org_id, "snapshots", name)
        return
    for found in control.get("orgs", org_id, "snapshots")["snapshots"]:
        click.echo(found)


@org.command()
@click.argument("org_id")
@click.argument("name")
@click.pass_obj
def restore(control: ControlClient, org_id: str, name: str) -> None:
    """Bring an org back to a snapshot."""
    control.post("orgs", org_id, "snapshots", name, "restore")
