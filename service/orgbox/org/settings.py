"""Setup of one org: what an administrator switches. Source of the first four: Setup > Customize > Chatter
> Settings; of the rest: the choices that docs/differences.md lists.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import lru_cache
from typing import Any

from orgbox.clock import Clock
from orgbox.frozen import value
from orgbox.org.domains import ascii_domain

SOAP_LOGIN = ("enabled", "disabled", "retiring", "retired")
"""login() works; is disabled as in new orgs; is gone from 65.0 on, as now; is gone."""

_MOST = 1_000_000
"""Seconds, days and calls alike: what a calendar can still hold."""


@value
class OrgSettings:
    """Durations are days or seconds as named. Domains are kept in lower case and in ASCII, `clock` as
    Clock.state.

    `soap_login` is one of SOAP_LOGIN; API versions before `oldest_version` are refused.
    """

    allow_invitations: bool = True
    allowed_domains: tuple[str, ...] = ()
    allow_customer_invitations: bool = False
    invitation_days: int = 60
    keep_canceled_invitations: bool = True
    refuse_second_invitation: bool = False
    require_security_token: bool = False
    session_seconds: int = 7200
    api_requests_per_day: int = 15_000
    enforce_api_limit: bool = False
    clock: str = ""
    soap_login: str = "enabled"
    oldest_version: int = 21

    def changed(self, values: Mapping[str, Any]) -> "OrgSettings":
        """These settings with some set. Raises ValueError for a name or a type that does not fit."""
        known = {f.name: type(getattr(self, f.name)) for f in fields(self)}
        for name, new in values.items():
            if name not in known:
                raise ValueError(f"no setting {name!r}")
            wanted = list if known[name] is tuple else known[name]
            if type(new) is not wanted and not (wanted is list and isinstance(new, tuple)):
                raise ValueError(f"{name}: {new!r} is not of type {wanted.__name__}")
            if isinstance(new, int) and not 0 <= new <= _MOST:
                raise ValueError(f"{name}: {new} is not a number from 0 to {_MOST}")
            if isinstance(new, list | tuple) and not all(isinstance(item, str) for item in new):
                raise ValueError(f"{name}: {new!r} is not a list of texts")
        if values.get("soap_login", "enabled") not in SOAP_LOGIN:
            raise ValueError(f"soap_login: {values['soap_login']!r} is none of {', '.join(SOAP_LOGIN)}")
        clock = Clock()
        clock.follow(values.get("clock", ""))
        clock.check()
        made = dict(values)
        if "allowed_domains" in made:
            made["allowed_domains"] = tuple(ascii_domain(d.strip()) for d in made["allowed_domains"])
        return replace(self, **made)

    def to_json(self) -> str:
        """The settings as the database keeps them."""
        return json.dumps(asdict(self))


@lru_cache(maxsize=1024)
def settings_from_json(text: str) -> OrgSettings:
    """The settings of a text written by `to_json`, also by an older release with fewer settings."""
    known = {f.name for f in fields(OrgSettings)}
    kept = {name: value for name, value in json.loads(text).items() if name in known}
    clock = kept.pop("clock", "")  # was right when it was set
    return replace(OrgSettings().changed(kept), clock=clock)
