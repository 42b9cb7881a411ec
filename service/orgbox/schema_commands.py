"""`orgbox schema …`: the objects and fields an org has of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from orgbox.catalog import own
from orgbox.catalog.compare import differences
from orgbox.catalog.importing import read_file
from orgbox.catalog.load import Catalog
from orgbox.config import configure
from orgbox.flags import refusing
from orgbox.org import extension
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.process import explaining, opened

_FILE = click.Path(exists=True, path_type=Path)


class _Answering(click.Group):
    """Says what is wrong in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with refusing(), explaining():
            return super().invoke(ctx)


@click.group(cls=_Answering)
@click.option("--database", help="SQLAlchemy URL of the database. [ORGBOX_DATABASE]")
@click.option("--org", "org_id", default="default", help="Id of the org. [default: the first one]")
@click.pass_context
def schema(context: click.Context, database: str | None, org_id: str) -> None:
    """Objects and fields of your own, from a WSDL, a describe or TOML.

    Works on the database, while the service runs or not; a running service knows with the next call.
    """
    context.obj = (database, org_id)


@contextmanager
def _opened() -> Iterator[tuple[Orgs, Org]]:
    database, org_id = click.get_current_context().find_object(tuple) or (None, "default")
    with opened(configure(database=database)) as orgs:
        org = orgs.default() if org_id == "default" else orgs.get(org_id)
        if org is None:
            raise click.ClickException(f"there is no org {org_id}")
        yield orgs, org


@schema.command("import")
@click.argument("file", type=_FILE)
@click.option("--external-id", "external_ids", multiple=True, metavar="OBJECT.FIELD",
              help="A field that is an external id, which a WSDL does not say. May be repeated.")  # fmt: skip
def import_(file: Path, external_ids: tuple[str, ...]) -> None:
    """Add the objects and fields of FILE.

    It is an enterprise WSDL, a describe (JSON or XML), TOML, or a folder of TOML.
    """
    with _opened() as (orgs, org):
        done = extension.extend(orgs, org, read_file(file, orgs.catalog, external_ids))
    for note in done.notes:
        click.echo(note, err=True)
    click.echo(f"{org.name}: {len(done.added)} objects added, {len(done.changed)} changed")


@schema.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(folder: Path) -> None:
    """Write what the org has of its own to FOLDER, an object a file."""
    with _opened() as (orgs, org):
        texts = extension.texts_of(orgs, org)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    click.echo(f"{len(texts)} objects in {folder}")


@schema.command()
@click.argument("names", nargs=-1, required=True)
def remove(names: tuple[str, ...]) -> None:
    """Remove objects of the org's own, with all their records."""
    with _opened() as (orgs, org):
        extension.remove(orgs, org, names)


@schema.command()
@click.argument("file", type=_FILE)
@click.pass_context
def diff(context: click.Context, file: Path) -> None:
    """Print what differs between the org and FILE. The exit code is 1 if something does.

    + is in the file only, - in the org only, ~ has another type.
    """
    nothing = Catalog(())
    imported = read_file(file, nothing)
    other = own.own_catalog(imported.documents, nothing, "")
    with _opened() as (orgs, org):
        mine = org.catalog.as_of(imported.version) if imported.version else org.catalog
        lines = [*differences(mine, other, whole=not imported.exact, exact=imported.exact)]
    for line in lines:
        click.echo(line)
    if lines:
        context.exit(1)
