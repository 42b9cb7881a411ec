"""`orgbox serve`, and the other commands about the service itself. What serves is imported by the process
that serves: with `--workers` that is another one.
"""

import gc
import importlib
import sys
from socket import socket
from typing import Any

import click

from orgbox.config import Config, configure, new_control_key
from orgbox.flags import refusing, settings
from orgbox.http import listening
from orgbox.http.supervisor import Generation, Supervisor


def _process() -> Any:
    """What serves; half a second to import."""
    return importlib.import_module("orgbox.process")


@click.command()
@click.option("--workers", type=click.IntRange(1, 64), default=1,
              help="Processes that answer; with two or more, SIGHUP reloads. [default 1]")  # fmt: skip
@settings()
def serve(workers: int, **given: Any) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    gc.disable()  # what is made while starting stays: looking for garbage in it only takes time
    with refusing():
        config = configure(**given)
        key = "" if config.control_key else new_control_key()
        if workers > 1:
            _supervise(config, key, workers)
            return
        app, context = _process().assemble(config, key)
        listener = listening.listen(config)
    _process().work(app, listener, context, lambda: _tell(config, key, listener))


def _supervise(config: Config, key: str, workers: int) -> None:
    listener = listening.listen(config)
    job = {"settings": dict(config.values), "key": key, "workers": workers}
    command = [sys.executable, "-P", "-m", "orgbox.process"]
    supervisor = Supervisor(
        lambda: Generation(command, listener, job), lambda: _tell(config, key, listener)
    )
    if not supervisor.run():
        sys.exit(1)


def _tell(config: Config, key: str, listener: socket) -> None:
    """Tell who started it that it answers."""
    if key:
        print(f"orgbox: control key {key}", file=sys.stderr, flush=True)
    print(f"orgbox: ready on {listening.url_of(listener, config)}", flush=True)


@click.group()
def tls() -> None:
    """The certificates of `orgbox serve --tls`."""


@tls.command("env")
@settings("database", "external_url", "tls_folder")
def tls_env(**given: Any) -> None:
    """Print what makes clients trust them.

    In the words of a shell: eval "$(orgbox tls env)".
    """
    with refusing():
        click.echo(_process().tls_settings(configure(**given)))


@click.command()
@settings("database", "seed", "rules", "secret", "hash_memory_kib", "hash_rounds")
def reset(**given: Any) -> None:
    """Remove a SQLite database and fill a new one from the seed. No service may have it open."""
    with refusing():
        name = _process().reset(configure(**given))
    click.echo(f"{name}: new, with the seed's org")
