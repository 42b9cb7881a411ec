"""`orgbox check`: looks for what is wrong in the database."""

import os
from typing import Any

import click
from sqlalchemy import make_url

from orgbox.app import registry_of
from orgbox.config import Config, configure
from orgbox.flags import refusing, settings
from orgbox.inspection.run import findings
from orgbox.process import explaining


@click.command()
@settings("database", "secret")
def check(**given: Any) -> None:
    """Look for what is wrong in a database. The exit code is 1 if there is something.

    Changes nothing, and works while the service runs.
    """
    with refusing(), explaining():
        wrong = _found(configure(**given))
    for line in wrong:
        click.echo(line)
    if wrong:
        raise SystemExit(1)
    click.echo("nothing is wrong")


def _found(config: Config) -> list[str]:
    """What is wrong, a line each; nothing is made and nothing changed. Raises OSError where there is none."""
    url = make_url(config.database)
    if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
        raise FileNotFoundError(f"there is no database at {url.database}")
    orgs = registry_of(config)
    try:
        return list(findings(orgs))
    finally:
        orgs.database.close()
