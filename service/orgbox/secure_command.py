"""`orgbox secure`: change what everybody knows, so that other machines may reach the service."""

import secrets

import click
from sqlalchemy.exc import SQLAlchemyError

from orgbox.app import open_orgs
from orgbox.config import configure
from orgbox.errors import ApiFault, OrgboxError
from orgbox.org.passwords import check_policy
from orgbox.org.published import close
from orgbox.org.schema import SchemaError


@click.command()
@click.option("--database", help="SQLAlchemy URL of the database. [ORGBOX_DATABASE]")
@click.option("--password", envvar="ORGBOX_PASSWORD", help="The new one. [ORGBOX_PASSWORD, default: made up]")
def secure(database: str | None, password: str | None) -> None:
    """Change every password and app secret that is published, and print the new ones.

    Works on the database, while the service runs or not. Orgs reset later have the old ones again.
    """
    new = password or f"{secrets.token_hex(12)}1a"
    try:
        check_policy(new)
        orgs = open_orgs(configure(database=database))
        try:
            closed = close(orgs, new)
        finally:
            orgs.database.close()
    except ApiFault as error:
        raise click.ClickException(error.message) from None
    except (ValueError, OSError, SchemaError, SQLAlchemyError, OrgboxError) as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
    for found in closed:
        click.echo(f"{found.org_id}  {found.name}  {found.app.consumer_secret if found.app else new}")
    if not closed:
        click.echo("Nobody has a published password.", err=True)
