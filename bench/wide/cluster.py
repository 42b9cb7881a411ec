"""The machines of part `wide`: PostgreSQL with a replica, two service hosts, HAProxy before them."""

import os
import shutil
import signal
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from bench.contenders import NotRun
from bench.network import Machines, Namespaces
from bench.postgres import Server
from bench.processes import Process, free_port

MACHINES = ("proxy", "a", "b", "primary", "replica")
_HOSTS = ("a", "b")
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
    bind {at}
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

    def __init__(self, folder: Path, machines: Machines, *, synchronous: bool) -> None:
        proxy = shutil.which("haproxy")
        if proxy is None:
            raise NotRun("no HAProxy here")
        folder.chmod(0o711)
        self._folder, self._machines, self._places = folder, machines, machines.places
        self._ports = {name: free_port() for name in ("proxy", *_HOSTS)}
        self._hosts: dict[str, Process] = {}
        self.url = f"http://{self._address('proxy')}"
        with ExitStack() as started:
            self._primary = Server(folder / "primary", _DURABLE, place=self._places["primary"])
            started.callback(self._primary.stop)
            self._replica = Server(folder / "replica", _DURABLE, self._primary, self._places["replica"])
            started.callback(self._replica.stop)
            if synchronous:
                self._primary.set("synchronous_standby_names", "*")
            started.callback(self._stop_hosts)
            for host in _HOSTS:
                self._hosts[host] = self._start(host)
            started.callback(self._start_proxy(proxy).stop)
            _wait(f"{self.url}/health")
            self._started = started.pop_all()

    def kill_host(self) -> None:
        """All processes of the first host at once."""
        self._hosts["a"].kill()

    def start_host(self) -> None:
        """The first host again."""
        self._hosts["a"] = self._start("a")

    def kill_worker(self) -> None:
        """One worker of the second host."""
        os.kill(self._hosts["b"].children()[-1], signal.SIGKILL)

    def fail_over(self) -> None:
        """The primary is gone at once, from a network without a word; whoever watches it promotes the replica
        a second later.
        """
        if isinstance(self._machines, Namespaces):
            self._machines.pull("primary")
        self._primary.kill()
        time.sleep(1.0)
        self._replica.promote()

    def close(self) -> None:
        """End everything."""
        self._started.close()

    def _start_proxy(self, program: str) -> Process:
        config = self._folder / "haproxy.cfg"
        at, a, b = (self._address(name) for name in ("proxy", *_HOSTS))
        config.write_text(_PROXY.format(at=at, a=a, b=b))
        command = [*self._places["proxy"].entry, program, "-db", "-f", str(config)]
        return Process(command, self._folder / "haproxy.log")

    def _stop_hosts(self) -> None:
        for process in self._hosts.values():
            process.stop()

    def _start(self, host: str) -> Process:
        servers = "&".join(f"host={server.address}" for server in (self._primary, self._replica))
        database = f"postgresql+psycopg://postgres@/postgres?{servers}&target_session_attrs=read-write"
        place = self._places[host]
        command = [
            *place.entry, sys.executable, "-m", "orgbox", "serve", "--workers", str(_WORKERS),
            "--host", place.address,
            "--port", str(self._ports[host]), "--database", database, "--secret", "wide",
            "--published-passwords", "--hash-memory-kib", "64", "--hash-rounds", "1",
        ]  # fmt: skip
        started = Process(command, self._folder / f"{host}.log")
        _wait(f"http://{self._address(host)}/health")
        return started

    def _address(self, name: str) -> str:
        return f"{self._places[name].address}:{self._ports[name]}"


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
