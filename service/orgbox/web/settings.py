"""Setup > Chatter Settings: who may be invited, and what the org does where the reference leaves it open.

Public mail domains are warned about and not refused: the administrator's page advises against them.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

from flask import Blueprint, flash, render_template
from flask.typing import ResponseReturnValue

from orgbox.org.domains import ascii_domain
from orgbox.org.session import Session
from orgbox.org.settings import SOAP_LOGIN, OrgSettings
from orgbox.web.desk import desk, number, redirected, signed_in
from orgbox.web.records import Form, filled_in

pages = Blueprint("settings", __name__, url_prefix="/setup/chatter")

_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_MOST_DAYS = 3650
_LOGIN_CHOICES = (
    ("enabled", "works"),
    ("disabled", "is disabled, as in new orgs"),
    ("retiring", "works in versions up to 64.0"),
    ("retired", "is retired for all versions"),
)


@lru_cache(maxsize=1)
def public_domains() -> frozenset[str]:
    """Domains where anybody gets an address."""
    text = (resources.files("orgbox.web") / "public_domains.txt").read_text("utf-8")
    return frozenset(line for line in text.split("\n") if line and not line.startswith("#"))


@pages.get("")
@signed_in("ModifyAllData")
def show(session: Session) -> str:
    """The settings as they are."""
    return render_template(
        "settings.html", settings=session.settings, public=_public(session.settings.allowed_domains),
        login=dict(_LOGIN_CHOICES)[session.settings.soap_login],
    )  # fmt: skip


@pages.get("/edit")
@signed_in("ModifyAllData")
def edit(session: Session) -> str:
    """The form."""
    return _form(Form(_values(session.settings)))


@pages.post("/edit")
@signed_in("ModifyAllData")
def save(session: Session) -> ResponseReturnValue:
    """Save what fits; a public domain is kept, and pointed at."""
    form = filled_in()
    domains = read_domains(form)
    days = _days(form.values.get("invitation_days", ""))
    if not 1 <= days <= _MOST_DAYS:
        form.wrong["invitation_days"] = [f"A number of days from 1 to {_MOST_DAYS}."]
    soap_login = form.values.get("soap_login", session.settings.soap_login)
    if soap_login not in SOAP_LOGIN:
        form.wrong["soap_login"] = ["Choose one of these."]
    if not form.ok:
        return _form(form), 422
    desk().orgs.change_settings(session.connection, session.org, {
        "allow_invitations": "allow_invitations" in form.values,
        "allowed_domains": domains,
        "allow_customer_invitations": "allow_customer_invitations" in form.values,
        "invitation_days": days,
        "keep_canceled_invitations": form.values.get("delete_leaves") != "nothing",
        "refuse_second_invitation": form.values.get("second") == "refused",
        "soap_login": soap_login,
    })  # fmt: skip
    flash("Saved.")
    return redirected("settings.show")


def _days(text: str) -> int:
    """The number that was entered, 0 for what is none."""
    try:
        return number(text)
    except ValueError:
        return 0


def read_domains(form: Form) -> list[str]:
    """The domains of the form, in their ASCII form, each once; what is no domain is refused."""
    found: list[str] = []
    for word in re.split(r"[\s,;]+", form.values.get("allowed_domains", "")):
        domain = ascii_domain(word.removeprefix("@"))
        if word and not _DOMAIN.fullmatch(domain):
            form.wrong.setdefault("allowed_domains", []).append(f"{word} is not a domain.")
        elif word and domain not in found:
            found.append(domain)
    return found


def _public(domains: Iterable[str]) -> list[str]:
    return [domain for domain in domains if domain in public_domains()]


def _values(settings: OrgSettings) -> dict[str, Any]:
    switches = {"allow_invitations", "allow_customer_invitations"}
    return {name: "true" for name in switches if getattr(settings, name)} | {
        "allowed_domains": "\n".join(settings.allowed_domains),
        "invitation_days": str(settings.invitation_days),
        "delete_leaves": "row" if settings.keep_canceled_invitations else "nothing",
        "second": "refused" if settings.refuse_second_invitation else "sent",
        "soap_login": settings.soap_login,
    }


def _form(form: Form) -> str:
    return render_template("settings_edit.html", form=form, login_choices=_LOGIN_CHOICES)
