"""Faults: the rules that make calls of the org fail, and a form for another.

The form has the fields of `orgbox.org.faults.Rule` as the control API has them, with its words for what is
wrong.
"""

import re
from dataclasses import fields
from typing import Any

from flask import Blueprint, abort, flash, render_template
from flask.typing import ResponseReturnValue

from orgbox.org import faults
from orgbox.org.faults import Rule
from orgbox.org.session import Session
from orgbox.web.control import control
from orgbox.web.desk import number, redirected, signed_in
from orgbox.web.records import Form, filled_in

pages = Blueprint("faults", __name__, url_prefix="/faults")

_DEFAULTS = {field.name: field.default for field in fields(Rule) if field.name != "id"}
_DROPS = (
    ("", "not"), ("before", "before the work"), ("during", "during the answer"),
    ("after", "after the work, without an answer"),
)  # fmt: skip
_NAMED = re.compile(rf"({'|'.join(_DEFAULTS)}): (.*)", re.DOTALL)


@pages.get("")
@signed_in("ModifyAllData")
def show(session: Session) -> str:
    """The rules, and the form."""
    return _page(session, Form({}))


@pages.post("")
@signed_in("ModifyAllData")
def add(session: Session) -> ResponseReturnValue:
    """Add a rule after those there are."""
    form = filled_in()
    try:
        faults.add(session.connection, session.org, faults.make_rule(_given(form), control().words))
    except ValueError as error:
        named = _NAMED.fullmatch(str(error))
        if named:
            form.wrong[named[1]] = [named[2]]
        else:
            form.others.append(str(error))
        return _page(session, form), 422
    flash("The rule holds from the next call on.")
    return redirected("faults.show")


@pages.post("/<id_>/remove")
@signed_in("ModifyAllData")
def remove(session: Session, id_: str) -> ResponseReturnValue:
    """Remove a rule."""
    if not faults.remove(session.connection, session.org, id_):
        abort(404)
    flash("The rule is removed.")
    return redirected("faults.show")


def _given(form: Form) -> dict[str, Any]:
    """The values that were filled in. Raises ValueError."""
    filled = {name: form.values.get(name, "").strip() for name in _DEFAULTS}
    return {name: _value(name, text) for name, text in filled.items() if text}


def _value(name: str, text: str) -> Any:
    default = _DEFAULTS[name]
    try:
        if name == "rows":
            places = text.split(",")
            return [number(place.strip()) for place in places] if text[0].isdecimal() else text
        if isinstance(default, float):
            return float(text)
        return number(text) if isinstance(default, int) else text
    except ValueError:
        raise ValueError(f"{name}: {text!r} is no number") from None


def _page(session: Session, form: Form) -> str:
    rules = faults.rules(session.connection, session.org)
    met = {rule.id: faults.times(session.connection, session.org, rule) for rule in rules}
    return render_template(
        "faults.html", form=form, rules=[(rule, _shown(rule), met[rule.id]) for rule in rules],
        calls=[("", "any"), *((call, call) for call in sorted(control().words.calls))],
        codes=sorted(faults.TEXTS), drops=_DROPS,
    )  # fmt: skip


def _shown(rule: Rule) -> list[tuple[str, Any]]:
    """The fields of a rule that say something."""
    given = [(name, getattr(rule, name)) for name, default in _DEFAULTS.items()]
    return [(name, value) for name, value in given if value != _DEFAULTS[name]]
