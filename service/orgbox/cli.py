"""The command `orgbox`."""

import gc
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from socket import socket
from ssl import SSLContext
from typing import Any

import click
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from orgbox import __version__
from orgbox.app import App, build, new_tally, open_orgs, refuse_published
from orgbox.app import check as check_database
from orgbox.catalog.load import standard_catalog
from orgbox.config import SETTINGS, configure
from orgbox.data_commands import COMMANDS
from orgbox.errors import ApiFault, OrgboxError
from orgbox.http import server
from orgbox.http.edge import known_version
from orgbox.logs import start_logging
from orgbox.org.schema import SchemaError
from orgbox.org_commands import org
from orgbox.schema_commands import schema
from orgbox.secure_command import secure
from orgbox.soap.dialects import ENTERPRISE, PARTNER
from orgbox.soap.wsdl import wsdl as write_wsdl


def _settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """A flag for each setting."""
    for setting in reversed(SETTINGS):
        shown = f"{setting.help} [{setting.variable}, default {setting.default!r}]"
        name = setting.flag + (f"/--no-{setting.flag[2:]}" if isinstance(setting.default, bool) else "")
        kind = None if isinstance(setting.default, bool) else type(setting.default)
        command = click.option(name, setting.name, type=kind, default=None, help=shown)(command)
    return command


_CANNOT_START = (ValueError, OverflowError, OSError, SchemaError, SQLAlchemyError, OrgboxError)


def _refusal(error: BaseException) -> click.ClickException:
    """One line that says why; a fault made of a database error gives the database's own words."""
    cause = error.__cause__ if isinstance(error, OrgboxError) and error.__cause__ else error
    return click.ClickException(str(cause).splitlines()[0])


@click.group()
@click.version_option(__version__)
def main() -> None:
    """A Salesforce org in a box: an emulator of the Salesforce SOAP API."""


main.add_command(org)
main.add_command(schema)
main.add_command(secure)
for data_command in COMMANDS:
    main.add_command(data_command)


@main.command()
@click.option("--workers", type=click.IntRange(1, 64), default=1, help="Processes that answer. [default 1]")
@_settings
def serve(workers: int, **given: Any) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    gc.disable()  # what is made while starting stays: looking for garbage in it only takes time
    try:
        config = configure(**given)
        key = "" if config.control_key else secrets.token_urlsafe(24)
        start_logging(config.log)
        tally = new_tally(workers)
        app = None if workers > 1 else build(config, random_key=key, tally=tally)
        orgs = app.orgs if app else open_orgs(config)
        refuse_published(config, orgs)
        if app is None:
            orgs.database.close()
        context = server.tls_of(config)
        listener = server.listen(config)
    except _CANNOT_START as error:
        raise _refusal(error) from None
    gc.freeze()
    gc.enable()
    if key:
        print(f"orgbox: control key {key}", file=sys.stderr, flush=True)
    print(f"orgbox: ready on {server.url_of(listener, config)}", flush=True)
    if app is None:

        def work(slot: int) -> None:
            tally.use(slot)
            _work(build(config, random_key=key, tally=tally), listener, context)

        server.serve_workers(work, workers)
    else:
        _work(app, listener, context)


def _work(app: App, listener: socket, context: SSLContext | None) -> None:
    """Answer calls and deliver mails until told to stop."""
    app.start(server.url_of(listener, app.config))
    server.serve(app.wsgi, app.config, listener, context)
    app.close()


@main.command()
@click.argument("dialect", type=click.Choice(["enterprise", "partner"]))
@click.option("--version", "version", default="66.0", help="API version. [default 66.0]")
@click.option("--url", default="http://127.0.0.1:8080", help="Address the WSDL names.")
def wsdl(dialect: str, version: str, url: str) -> None:
    """Print the WSDL of the default org."""
    chosen = ENTERPRISE if dialect == "enterprise" else PARTNER
    try:
        number = known_version(version)
    except (ApiFault, ValueError):
        raise click.ClickException(f"API version {version} is not served") from None
    location = f"{url.rstrip('/')}/services/Soap/{chosen.path}/{number}.0"
    sys.stdout.buffer.write(
        write_wsdl(chosen, number, standard_catalog().as_of(number), location)
    )


@main.group()
def tls() -> None:
    """The certificates of `orgbox serve --tls`."""


@tls.command("env")
@_settings
def tls_env(**given: Any) -> None:
    """Print what makes clients trust them, for a shell: eval "$(orgbox tls env)"."""
    from orgbox.http.certificates import Certificates, folder_of, settings_text

    try:
        config = configure(**given)
        click.echo(settings_text(Certificates(folder_of(config), config.external_url)))
    except _CANNOT_START as error:
        raise _refusal(error) from None


@main.command()
@_settings
def check(**given: Any) -> None:
    """Look for what is wrong in the database, also while it is served; exit code 1 if there is something."""
    try:
        wrong = check_database(configure(**given))
    except _CANNOT_START as error:
        raise _refusal(error) from None
    for line in wrong:
        click.echo(line)
    if wrong:
        raise SystemExit(1)
    click.echo("nothing is wrong")


@main.command()
@_settings
def reset(**given: Any) -> None:
    """Begin again: remove a SQLite database and fill a new one from the seed."""
    config = configure(**given)
    url = make_url(config.database)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise click.ClickException("reset works on a SQLite file")
    for suffix in ("", "-wal", "-shm"):
        Path(url.database + suffix).unlink(missing_ok=True)
    try:
        open_orgs(config).database.close()
    except _CANNOT_START as error:
        raise _refusal(error) from None
    click.echo(f"{os.path.basename(url.database)}: new, with the seed's org")


if __name__ == "__main__":
    main()
