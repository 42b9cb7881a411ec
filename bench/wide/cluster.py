"""The machines of part `wide`: PostgreSQL with a replica, two service hosts, HAProxy before them."""

import os
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path

from bench.contenders import NotRun
from bench.postgres import Server
from bench.processes import Process, free_port

_HOSTS = ("127.0.0.2", "127.0.0.3")
_READY_SECONDS = 30.0
_WORKERS = 2
_DURABLE = {"synchronous_commit": "on", "max_wal_size": "2GB"}
# GET /health asks the database: a check must wait longer than the service does while another takes over.
_PROXY = """
defaults
    mode http
    timeout connect 2s
    timeout check 15s
    timeout client 90s
    timeout server 90s
    retries 3
    option redispatch 1
    retry-on conn-failure
frontend all
    bind 127.0.0.1:{port}
    default_backend hosts
backend hosts
    balance roundrobin
    option httpchk GET /health
    default-server check inter 1s fall 2 rise 1
    server a {a} on-marked-down shutdown-sessions
    server b {b} on-marked-down shutdown-sessions
"""


class Cluster:
    """Everything started; `url` is where the proxy answers. Raises NotRun."""

    def __init__(self, folder: Path, *, synchronous: bool) -> None:
        proxy = shutil.which("haproxy")
        if proxy is None:
            raise NotRun("no HAProxy here")
        folder.chmod(0o711)
        waits = {"synchronous_standby_names": "*"} if synchronous else {}
        self._folder = folder
        self._primary = Server(folder / "primary", _DURABLE)
        self._replica = Server(folder / "replica", _DURABLE, follows=self._primary)
        for name, value in waits.items():
            self._primary.set(name, value)
        self._ports = {host: free_port() for host in _HOSTS}
        self._hosts = {host: self._start(host) for host in _HOSTS}
        port = free_port()
        config = folder / "haproxy.cfg"
        a, b = (f"{host}:{self._ports[host]}" for host in _HOSTS)
        config.write_text(_PROXY.format(port=port, a=a, b=b))
        self._proxy = Process([proxy, "-db", "-f", str(config)], folder / "haproxy.log")
        self.url = f"http://127.0.0.1:{port}"
        _wait(f"{self.url}/health")

    def kill_host(self) -> None:
        """All processes of the first host at once."""
        self._hosts[_HOSTS[0]].kill()

    def start_host(self) -> None:
        """The first host again."""
        self._hosts[_HOSTS[0]] = self._start(_HOSTS[0])

    def kill_worker(self) -> None:
        """One worker of the second host."""
        os.kill(self._hosts[_HOSTS[1]].children()[-1], signal.SIGKILL)

    def fail_over(self) -> None:
        """The primary is gone at once; whoever watches it promotes the replica a second later."""
        self._primary.kill()
        time.sleep(1.0)
        self._replica.promote()

    def stop(self) -> None:
        """End everything."""
        for process in (self._proxy, *self._hosts.values()):
            process.stop()
        for server in (self._replica, self._primary):
            server.stop()

    def _start(self, host: str) -> Process:
        servers = "&".join(f"host=127.0.0.1:{server.port}" for server in (self._primary, self._replica))
        database = f"postgresql+psycopg://postgres@/postgres?{servers}&target_session_attrs=read-write"
        command = [
            sys.executable, "-m", "orgbox", "serve", "--workers", str(_WORKERS), "--host", host,
            "--port", str(self._ports[host]), "--database", database, "--secret", "wide",
            "--published-passwords", "--hash-memory-kib", "64", "--hash-rounds", "1",
        ]  # fmt: skip
        started = Process(command, self._folder / f"{host}.log")
        _wait(f"http://{host}:{self._ports[host]}/health")
        return started


def _wait(url: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise NotRun(f"nothing answers at {url}") from None
        time.sleep(0.1)
