"""`orgbox secure`: change what everybody knows, so that other machines may reach the service."""

import secrets

import click

from orgbox.config import configure
from orgbox.flags import refusing
from orgbox.org.passwords import check_policy
from orgbox.org.published import close
from orgbox.process import explaining, opened


@click.command()
@click.option("--database", help="SQLAlchemy URL of the database. [ORGBOX_DATABASE]")
@click.option("--password", envvar="ORGBOX_PASSWORD", help="The new one. [ORGBOX_PASSWORD, default: made up]")
def secure(database: str | None, password: str | None) -> None:
    """Change every password and app secret that is published. Prints the new ones.

    Works on the database, while the service runs or not. Orgs reset later have the old ones again.
    """
    new = password or f"{secrets.token_hex(12)}1a"
    with refusing(), explaining():
        check_policy(new)
        with opened(configure(database=database)) as orgs:
            closed = close(orgs, new)
    for found in closed:
        click.echo(f"{found.org_id}  {found.name}  {found.app.consumer_secret if found.app else new}")
    if not closed:
        click.echo("Nobody has a published password.", err=True)
