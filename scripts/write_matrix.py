"""Runs every client in clients/ against a service; writes the tables of README.md and docs/matrix.md.

`make matrix`; with names of folders (`make matrix CLIENTS="java php-soapclient"`) it writes nothing.
"""

import re
import sys
import tempfile
from pathlib import Path

from matrix import ROOT, Client, Outcome, load, run, summary, table

from service import start_service


def write_between(page: Path, name: str, text: str) -> None:
    """Puts the text between the markers of that name."""
    pattern = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    written, times = pattern.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text("utf-8"))
    if times != 1:
        raise SystemExit(f"{page} has no place for {name}")
    page.write_text(written, "utf-8")


def try_out(client: Client) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        service = start_service(Path(folder))
        outcome = run(client, service.url)
        service.stop()
    print(f"== {client.folder}", outcome.output, outcome.errors if outcome.code else "", sep="\n", flush=True)
    return outcome


def main(folders: list[str]) -> None:
    clients = load()
    ran = [(client, try_out(client)) for client in clients if not folders or client.folder in folders]
    if not folders:
        write_between(ROOT / "docs/matrix.md", "matrix", table(ran))
        write_between(ROOT / "README.md", "clients", summary(clients))


main(sys.argv[1:])
