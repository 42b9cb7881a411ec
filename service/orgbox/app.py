"""The composition root: the only place where all parts meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from orgbox.catalog.load import standard_catalog
from orgbox.clock import Clock
from orgbox.config import Config
from orgbox.http.edge import Edge, Endpoint, known_version
from orgbox.limits import STRICT, Limits
from orgbox.org.calllog import CallLog
from orgbox.org.database import Database
from orgbox.org.passwords import Passwords
from orgbox.org.registry import Orgs
from orgbox.org.rulebook import Rules
from orgbox.org.seed import read_seed
from orgbox.rules import RULES
from orgbox.soap.description import description
from orgbox.soap.service import SoapService
from orgbox.soap.wsdl import wsdl
from orgbox.web.desk import Desk
from orgbox.web.site import make_site


@dataclass(frozen=True)
class App:
    """A service put together: its orgs and its WSGI application."""

    config: Config
    orgs: Orgs
    wsgi: Edge

    def close(self) -> None:
        """Give back the database connections."""
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
    database = Database(config.database, durable=config.durable)
    passwords = Passwords(config.hash_memory_kib, config.hash_rounds)
    orgs = Orgs(database, standard_catalog(), rules, passwords, limits, clock or Clock())
    orgs.prepare()
    if not orgs.all():
        seed = read_seed(config.seed)
        orgs.create(seed)
    return orgs


def build(
    config: Config,
    *,
    clock: Clock | None = None,
    limits: Limits = STRICT,
    rules: Mapping[str, Rules] = RULES,
) -> App:
    """The service of a configuration. Raises as `open_orgs`."""
    orgs = open_orgs(config, clock=clock, limits=limits, rules=rules)
    calls = CallLog(config.call_log)
    desk = Desk(orgs, calls, config.external_url, description().versions[-1])
    edge = Edge(config, SoapService(orgs, calls), _wsdl_writer(orgs), make_site(desk))
    return App(config, orgs, edge)


def _wsdl_writer(orgs: Orgs) -> Callable[[Endpoint, str], bytes]:
    @lru_cache(maxsize=256)
    def write(endpoint: Endpoint, base_url: str) -> bytes:
        version = known_version(endpoint.version)
        org = orgs.get(endpoint.org_id) if endpoint.org_id else None
        catalog = (org.catalog if org else orgs.catalog).as_of(version)
        path = f"/services/Soap/{endpoint.dialect.path}/{version}.0"
        return wsdl(endpoint.dialect, version, catalog, base_url + path)

    return write
