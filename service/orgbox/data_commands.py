"""`orgbox load`, `orgbox export`, `orgbox query`: records in and out over SOAP, of any org."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from orgbox.tools import load as loading
from orgbox.tools import shown
from orgbox.tools.partner import CallFailed, Partner

_F = TypeVar("_F", bound=Callable[..., Any])


def _signed_in(command: _F) -> _F:
    """Flags that say where and who; the command gets a Partner in their place."""

    @wraps(command)
    def run(url: str, username: str, password: str, **given: Any) -> None:
        try:
            command(Partner(url, username, password), **given)
        except (CallFailed, loading.LoadError) as error:
            raise click.ClickException(str(error)) from None

    options = (
        click.option("--url", default="http://127.0.0.1:8080", show_default=True, envvar="ORGBOX_URL",
                     help="Where the service is, or its partner endpoint. [ORGBOX_URL]"),
        click.option("--username", required=True, envvar="ORGBOX_USERNAME", help="[ORGBOX_USERNAME]"),
        click.option("--password", prompt=True, hide_input=True, envvar="ORGBOX_PASSWORD",
                     help="Asked for if not given. [ORGBOX_PASSWORD]"),
    )  # fmt: skip
    for option in reversed(options):
        run = option(run)
    return run  # type: ignore[return-value]


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--object", "sobject", required=True, help="What the rows are: User, Book__c, …")
@click.option("--operation", type=click.Choice([*loading.CALLS]), default="insert", show_default=True)
@click.option("--key", default="", help="The external id of upsert.")
@click.option("--batch", type=click.IntRange(1, 200), default=200, show_default=True, help="Rows in a call.")
@click.option("--nulls", is_flag=True, help="Empty cells empty the field; without it they are left out.")
@click.option("--fresh", is_flag=True, help="Begin again, whatever an interrupted run has noted.")
@_signed_in
def load(partner: Partner, file: Path, fresh: bool, **given: Any) -> None:
    """Save the rows of a CSV file; its columns are names of fields.

    FILE.success.csv and FILE.error.csv beside it tell what became of each row. Run again, an interrupted
    load goes on; the rows of the call that was under way are sent once more.
    """
    job = loading.Job(file, **given)
    total = loading.count(job)
    progress = loading.resume(job, fresh=fresh)
    if progress.rows:
        click.echo(f"going on after row {progress.rows}", err=True)
    with click.progressbar(length=total, label=file.name, file=sys.stderr) as bar:
        bar.update(progress.rows)
        loading.load(job, partner, progress, bar.update)
    click.echo(f"{progress.successes} saved, {progress.errors} refused")
    if progress.errors:
        click.echo(f"see {job.result('error')}", err=True)
        raise SystemExit(1)


@click.command()
@click.argument("soql")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--output", type=click.File("w", "utf-8", lazy=True), default="-", help="A file; else stdout.")
@_signed_in
def export(partner: Partner, soql: str, form: str, output: Any) -> None:
    """Write the records of a query, all of them."""
    result = partner.query(soql)
    with click.progressbar(result, length=result.size, file=sys.stderr) as rows:
        if form == "csv":
            shown.write_csv(soql, rows, output)
        else:
            shown.write_json(rows, output)


@click.command()
@click.argument("soql")
@_signed_in
def query(partner: Partner, soql: str) -> None:
    """Print the records of a query as a table."""
    result = partner.query(soql)
    rows = list(result)
    for line in shown.table(soql, rows) if rows else ():
        click.echo(line)
    click.echo(f"{result.size} record{'' if result.size == 1 else 's'}")
