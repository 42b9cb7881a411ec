"""`orgbox wsdl`: the WSDLs without a server."""

import sys

import click

from orgbox.catalog.load import standard_catalog
from orgbox.errors import ApiFault
from orgbox.http.edge import known_version
from orgbox.soap.dialects import ENTERPRISE, PARTNER
from orgbox.soap.wsdl import wsdl as write_wsdl


@click.command()
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
    sys.stdout.buffer.write(write_wsdl(chosen, number, standard_catalog().as_of(number), location))
