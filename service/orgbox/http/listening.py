"""The listening socket, which may outlive those that accept from it."""

import socket

from orgbox.config import Config

BACKLOG = 1024
"""Connections the system keeps waiting."""


def listen(config: Config) -> socket.socket:
    """A listening socket on the host and port of the configuration. Raises OSError."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((config.host, config.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {config.host}, port {config.port}: {error.strerror}") from error
    return listener


def url_of(listener: socket.socket, config: Config) -> str:
    """The address at which a listening socket is reached."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    scheme = "https" if config.tls else "http"
    return f"{scheme}://{host}:{listener.getsockname()[1]}"
