"""The contenders: how each is built and started. What cannot be built here is reported by name."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.seeding import orgbox_config

PEERS = Path(__file__).parent / "peers"
BUILD = Path(__file__).parent / "build"
CONTRACT = BUILD / "contract"
_BUILD_SECONDS = 600


class NotRun(Exception):
    """This contender cannot be built or started here; the text says why."""


@dataclass(frozen=True, slots=True)
class Contender:
    """`build` raises NotRun. `command` takes the port and the database file."""

    name: str
    build: Callable[[], None]
    command: Callable[[int, Path], Sequence[str]]
    own_database: bool = False


def _run(command: Sequence[str], cwd: Path) -> None:
    """Run a build step. Raises NotRun with the end of what it wrote."""
    if shutil.which(command[0]) is None:
        raise NotRun(f"no {command[0]} here")
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=_BUILD_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotRun(f"{command[0]} took more than {_BUILD_SECONDS} seconds") from None
    if done.returncode:
        raise NotRun(f"{command[0]} failed: {(done.stdout + done.stderr).strip()[-600:]}")


def _folder(name: str, *sources: str) -> Path:
    """A fresh-enough build folder with copies of a peer's sources."""
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copy(PEERS / source, folder)
    return folder


def _is_newer(product: Path, sources: Sequence[Path]) -> bool:
    """Whether a product is there and newer than all it is made from."""
    return product.exists() and product.stat().st_mtime > max(s.stat().st_mtime for s in sources)


def _nothing_to_build() -> None:
    return None


def _orgbox(port: int, database: Path) -> Sequence[str]:
    config = orgbox_config(f"sqlite:///{database}", port=port)
    given = ("database", "port", "hash_memory_kib", "hash_rounds")
    flags = [f"--{name.replace('_', '-')}={getattr(config, name)}" for name in given]
    return [sys.executable, "-m", "orgbox", "serve", *flags]


def _spyne(port: int, database: Path) -> Sequence[str]:
    return [sys.executable, "-m", "bench.peers.spyne_orm", str(port), str(database), str(CONTRACT)]


def _build_node() -> None:
    folder = _folder("node", "node/package.json", "node/server.js")
    if not (folder / "node_modules" / "better-sqlite3" / "build").exists():
        _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], folder)


def _node(port: int, database: Path) -> Sequence[str]:
    return ["node", str(BUILD / "node" / "server.js"), str(port), str(database), str(CONTRACT)]


def _build_php() -> None:
    loaded = "exit(extension_loaded('soap') && extension_loaded('pdo_sqlite') ? 0 : 1);"
    _run(["php", "-r", loaded], BUILD)


def _php(port: int, database: Path) -> Sequence[str]:
    settings = {
        "soap.wsdl_cache_enabled": "1", "soap.wsdl_cache": "2", "soap.wsdl_cache_ttl": "86400",
        "display_errors": "0", "auto_globals_jit": "0", "memory_limit": "512M",
    }  # fmt: skip
    flags = [part for name, value in settings.items() for part in ("-d", f"{name}={value}")]
    given = [f"BENCH_DATABASE={database}", f"BENCH_CONTRACT={CONTRACT}"]
    return ["env", *given, "php", *flags, "-S", f"127.0.0.1:{port}", str(PEERS / "php" / "server.php")]


def _build_java() -> None:
    folder = _folder("java", "java/pom.xml")
    shutil.copytree(PEERS / "java" / "src", folder / "src", dirs_exist_ok=True)
    made_from = [CONTRACT / "enterprise.wsdl", *(PEERS / "java").rglob("*.*")]
    libraries = folder / "target" / "libs"
    if not _is_newer(libraries, made_from):
        _run(["mvn", "-q", "-B", f"-Dcontract={CONTRACT}", "package"], folder)
        libraries.touch()


def _java(port: int, database: Path) -> Sequence[str]:
    target = BUILD / "java" / "target"
    path = os.pathsep.join([str(target / "classes"), str(target / "libs" / "*")])
    return ["java", "-Xmx512m", "-cp", path, "bench.Server", str(port), str(database), str(CONTRACT)]


def _build_gsoap() -> None:
    folder = _folder("gsoap", "gsoap/server.cpp", "gsoap/build.sh")
    _run(["sh", "build.sh", str(CONTRACT)], folder)


def _gsoap(port: int, database: Path) -> Sequence[str]:
    return [str(BUILD / "gsoap" / "server"), str(port), str(database), str(CONTRACT)]


def _canned(port: int, database: Path) -> Sequence[str]:
    return [sys.executable, "-m", "bench.peers.echo", str(port)]


ORGBOX = Contender("Orgbox", _nothing_to_build, _orgbox, own_database=True)
CONTENDERS = (
    ORGBOX,
    Contender("Spyne, typed, SQLAlchemy ORM", _nothing_to_build, _spyne),
    Contender("node soap, better-sqlite3", _build_node, _node),
    Contender("PHP SoapServer", _build_php, _php),
    Contender("JAX-WS RI", _build_java, _java),
    Contender("gSOAP C++", _build_gsoap, _gsoap),
)
ECHO = Contender("HTTP alone (waitress)", _nothing_to_build, _canned)
