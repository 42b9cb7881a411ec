"""The composition root: the only place where all parts meet."""

import importlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from orgbox.baton import BATON
from orgbox.catalog.load import Catalog, standard_catalog
from orgbox.clock import Clock
from orgbox.config import Config, new_control_key
from orgbox.errors import PROTOCOL_CODES
from orgbox.http.edge import Edge, Endpoint, Environ, StartResponse, WsgiApp, known_version
from orgbox.limits import STRICT, Limits
from orgbox.mail.sender import Sender
from orgbox.mail.smtp import Relay
from orgbox.metrics import Tally
from orgbox.org.calllog import CallLog
from orgbox.org.database import Database
from orgbox.org.delivery import Delivery
from orgbox.org.faults import Vocabulary
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.mailbox import Mailbox
from orgbox.org.passwords import Passwords
from orgbox.org.published import openings
from orgbox.org.registry import Orgs
from orgbox.org.rulebook import Rules
from orgbox.org.seed import read_seed
from orgbox.org.session import catch_up
from orgbox.rules import RULES
from orgbox.rules.acceptance import LinkAcceptance
from orgbox.rules.own import with_own
from orgbox.soap.description import description
from orgbox.soap.dialects import Dialect
from orgbox.soap.registry import HANDLERS
from orgbox.soap.service import SoapService
from orgbox.soap.text import attribute
from orgbox.soap.watching import counting
from orgbox.soap.wsdl import wsdl
from orgbox.web.parts import Control, Desk

_SPARE_CONNECTIONS = 4
"""Beyond two for each thread: for the sender of mails, and for starting."""
_WSDLS = 16
"""Kept in memory; that of an org with hundreds of objects has two megabytes."""
_ADDRESS = "orgbox:address"
"""Stands for the address of the port in a WSDL that is kept."""


class Exposed(ValueError):
    """Other machines would reach a service that opens with what everybody can read."""


def refuse_published(config: Config, orgs: Orgs) -> None:
    """Raises Exposed where other machines reach the service, and anyone has a published password."""
    if config.takes_published:
        return
    found = openings(orgs)
    if found:
        others = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise Exposed(
            f"other machines reach {config.host or 'every address'}, and {found[0].name}{others} can be used "
            "with what the manual tells everybody: run `orgbox secure`, begin with a seed of your own, or "
            "say that it is meant so with --published-passwords"
        )


class Address:
    """Where links in mails lead: as the configuration says, else where the service listens."""

    def __init__(self, config: Config) -> None:
        self._external = str(config.external_url)
        self.listening = f"http://{config.host}:{config.port}"

    def __call__(self) -> str:
        """The URL, without a slash at its end."""
        return self._external or self.listening


@dataclass(frozen=True)
class App:
    """A service put together: its orgs, its WSGI application, its mails.

    `desk` is what the console's pages use; `sender` is None without a mail server.
    """

    config: Config
    orgs: Orgs
    wsgi: Edge
    mailbox: Mailbox
    desk: Desk
    address: Address
    sender: Sender | None

    def start(self, url: str) -> None:
        """Begin to deliver mails, now that it is known at which URL the service answers."""
        self.address.listening = url
        if self.sender:
            self.sender.start()

    def close(self) -> None:
        """Stop delivering and give back the database connections."""
        if self.sender:
            self.sender.stop()
        self.orgs.database.close()


def open_orgs(
    config: Config,
    *,
    clock: Clock | None = None,
    limits: Limits = STRICT,
    rules: Mapping[str, Rules] = RULES,
) -> Orgs:
    """The orgs of the configured database, upgraded if need be; a new one gets the seed's org.

    Raises SchemaError, SeedError, and SQLAlchemy's errors for a database that cannot be opened.
    """
    if config.rules:
        rules = with_own(rules, config.rules)
    orgs = registry_of(config, clock=clock, limits=limits, rules=rules)
    with orgs.database.alone():
        orgs.prepare()
        _ = orgs.database.key  # made before there are workers, so that all have the same
        empty = orgs.is_empty()
        if empty or config.seed:  # which orgs to come need, too
            seed = read_seed(config.seed)
            if empty:
                orgs.create(seed)
    return orgs


def registry_of(
    config: Config,
    *,
    clock: Clock | None = None,
    limits: Limits = STRICT,
    rules: Mapping[str, Rules] = RULES,
) -> Orgs:
    """The orgs of the configured database as it is. Raises SQLAlchemy's errors for a wrong URL."""
    connections = 2 * config.threads + _SPARE_CONNECTIONS
    database = Database(
        config.database, durable=config.durable, secret=config.secret, connections=connections,
        replica=config.read_database,
    )  # fmt: skip
    passwords = Passwords(config.hash_memory_kib, config.hash_rounds)
    return Orgs(database, standard_catalog(), rules, passwords, limits, clock or Clock())


def build(
    config: Config,
    *,
    clock: Clock | None = None,
    limits: Limits = STRICT,
    rules: Mapping[str, Rules] = RULES,
    random_key: str = "",
    tally: Tally | None = None,
) -> App:
    """The service of a configuration. Raises as `open_orgs`, and ValueError for a wrong smtp_url.

    `random_key` opens the control API when the configuration has no control_key; processes of one service
    share a `tally`.
    """
    relay = Relay.of(config.smtp_url) if config.smtp_url else None
    orgs = open_orgs(config, clock=clock, limits=limits, rules=rules)
    calls = CallLog(config.call_log)
    address = Address(config)
    mailbox = Mailbox(orgs, address)
    version = description().versions[-1]
    desk = Desk(orgs, calls, config.external_url, version, LinkAcceptance(orgs), mailbox)
    tally = tally or new_tally()
    control = _control(config, orgs, random_key or new_control_key(), tally)
    soap = SoapService(orgs, calls, [counting(tally)])
    edge = Edge(config, soap, _wsdl_writer(orgs), Site(desk, control))
    sender = Sender(Delivery(orgs, address, time.time), relay) if relay else None
    return App(config, orgs, edge, mailbox, desk, address, sender)


def new_tally(processes: int = 1) -> Tally:
    """Counts of the API's calls and faults, to be made before the processes are parted."""
    codes = description().enumerations["fns:ExceptionCode"].names
    return Tally(sorted(HANDLERS), sorted({*codes, *PROTOCOL_CODES}), processes)


class Site:
    """The pages as WSGI, imported and put together when somebody asks for one: SOAP clients do not wait."""

    def __init__(self, desk: Desk, control: Control) -> None:
        self._parts = desk, control
        self._lock = threading.Lock()
        self._site: WsgiApp | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        with BATON.holding(self._lock):
            if self._site is None:
                self._site = importlib.import_module("orgbox.web.site").make_site(*self._parts)
        return self._site(environ, start_response)


def _control(config: Config, orgs: Orgs, random_key: str, tally: Tally) -> Control:
    enumerations = description().enumerations
    words = Vocabulary(
        enumerations["fns:ExceptionCode"].names, enumerations["StatusCode"].names, frozenset(HANDLERS)
    )
    key = config.control_key
    return Control(
        Lifecycle(orgs), words, key or random_key, bool(key), config.seed, config.takes_published, tally
    )


def _wsdl_writer(orgs: Orgs) -> Callable[[Endpoint, str], bytes]:
    """Writes WSDLs. Those of orgs with the same catalogue differ in nothing but the address."""

    @lru_cache(maxsize=_WSDLS)
    def parts(dialect: Dialect, version: int, catalog: Catalog) -> tuple[bytes, bytes]:
        """What stands before the address, and what after it."""
        before, _, after = wsdl(dialect, version, catalog, _ADDRESS).partition(_ADDRESS.encode())
        return before, after

    def write(endpoint: Endpoint, base_url: str) -> bytes:
        version = known_version(endpoint.version)
        org = orgs.get(endpoint.org_id) if endpoint.org_id else orgs.default()
        if org:
            with orgs.database.read() as connection:
                catch_up(connection, org)
        before, after = parts(endpoint.dialect, version, (org or orgs).catalog.as_of(version))
        own = f"/org/{org.id[:15]}" if org and org.isolated else ""
        address = f"{base_url}{own}/services/Soap/{endpoint.dialect.path}/{version}.0"
        return b"".join((before, attribute(address).encode(), after))

    return write
