"""One process of the service: put together, then told to answer until it is told to end.

Run as a module it is the leader of a generation of workers (`http/supervisor`), with its job on stdin.
"""

import gc
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import SSLContext

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from orgbox.app import App, build, new_tally, open_orgs, refuse_published
from orgbox.config import Config
from orgbox.errors import CannotStart, OrgboxError
from orgbox.http import server
from orgbox.http.listening import url_of
from orgbox.http.workers import Leader
from orgbox.logs import start_logging
from orgbox.memory import give_back, settle
from orgbox.metrics import Tally
from orgbox.org import sqlite
from orgbox.org.registry import Orgs
from orgbox.org.schema import SchemaError

_REASONS = (ValueError, OverflowError, OSError, SchemaError, SQLAlchemyError, OrgboxError)


@contextmanager
def explaining() -> Iterator[None]:
    """Raises CannotStart with the reason; a fault made of a database error gives the database's own words."""
    try:
        yield
    except _REASONS as error:
        cause = error.__cause__ if isinstance(error, OrgboxError) and error.__cause__ else error
        raise CannotStart(str(cause).splitlines()[0]) from None


def assemble(config: Config, key: str, tally: Tally | None = None) -> tuple[App, SSLContext | None]:
    """The service, and TLS if it is asked for; `key` opens the control API. Raises CannotStart."""
    with explaining():
        start_logging(config.log)
        app, context = build(config, random_key=key, tally=tally), server.tls_of(config)
        refuse_published(config, app.orgs)
    settle()
    return app, context


def work(
    app: App, listener: socket.socket, context: SSLContext | None,
    ready: Callable[[], object] = lambda: None,
) -> None:  # fmt: skip
    """Answer calls and deliver mails until told to stop, which it hears once `ready` has been called."""
    app.start(url_of(listener, app.config))
    server.serve(app.wsgi, app.config, listener, context, give_back, ready)
    app.close()


def reset(config: Config) -> str:
    """Remove a SQLite database and fill a new one from the seed; its file's name. Raises CannotStart."""
    with explaining():
        url = make_url(config.database)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise CannotStart("reset works on a SQLite file")
        if os.path.exists(url.database) and sqlite.is_in_use(url.database):
            raise CannotStart(f"{url.database} is in use: end the service first")
        in_memory = Config({**config.values, "database": "sqlite://"})
        open_orgs(in_memory).database.close()  # a seed that is refused costs nobody the old database
        for suffix in ("", "-wal", "-shm"):
            Path(url.database + suffix).unlink(missing_ok=True)
        open_orgs(config).database.close()
    return os.path.basename(url.database)


@contextmanager
def opened(config: Config) -> Iterator[Orgs]:
    """The orgs of a database, for a command that works on it. Says so where it makes a file."""
    url = make_url(config.database)
    if url.get_backend_name() == "sqlite" and url.database and not os.path.exists(url.database):
        print(f"{url.database}: a new database", file=sys.stderr)
    orgs = open_orgs(config)
    try:
        yield orgs
    finally:
        orgs.database.close()


def tls_settings(config: Config) -> str:
    """What makes clients trust the service, for a shell. Raises CannotStart."""
    from orgbox.http.certificates import Certificates, folder_of, settings_text  # a tenth of a second

    with explaining():
        return settings_text(Certificates(folder_of(config), config.external_url))


def main() -> None:
    """Lead a generation of workers."""
    gc.disable()
    job = json.loads(sys.stdin.readline())
    try:
        tally = new_tally(job["workers"])
        app, context = assemble(Config(job["settings"]), job["key"], tally)
        if app.orgs.database.in_memory:
            raise CannotStart("workers have nothing in common but the database: it must not be in memory")
    except CannotStart as error:
        print(f"Error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    app.orgs.database.close()  # a connection must not be in two processes
    listener = socket.socket(fileno=job["listener"])

    def serve(slot: int) -> None:
        tally.use(slot)
        work(app, listener, context)

    leader = Leader(serve, job["workers"])
    with open(job["told"], "wb") as told:  # by now it hears signals
        told.write(b"ready")
    leader.lead(sys.stdin.fileno())


if __name__ == "__main__":
    main()
