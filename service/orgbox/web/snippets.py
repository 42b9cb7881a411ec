"""The SOAP calls behind the pages, as Python to copy (`orgbox_client`)."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import g

from orgbox.web.desk import service_url


def connected(*lines: str, imports: str = "connect") -> str:
    """A whole program: signing in as the user of this page, then the lines."""
    user = g.session.user.username
    head = (
        "from getpass import getpass",
        f"from orgbox_client import {imports}",
        "",
        f"sf = connect({_text(service_url())}, {_text(user)}, getpass())",
    )
    return "\n".join([*head, *lines])


def queried(soql: str) -> str:
    """query(): print what the page lists."""
    return connected(f"for record in sf.query({_text(soql)}):", "    print(dict(record))")


def inserted(sobject: str, values: Mapping[str, Any]) -> str:
    """create() of one record."""
    lines = [f'record = sf.new("{sobject}")']
    lines += [f"record.{name} = {_text(value)}" for name, value in values.items()]
    return connected(*lines, "sf.insert(record)", "print(record.Id)")


def updated(sobject: str, soql: str, values: Mapping[str, Any]) -> str:
    """update() of the record that a query finds."""
    lines = [f"record = sf.query({_text(soql)})[0]"]
    lines += [f"record.{name} = {_text(value)}" for name, value in values.items()]
    return connected(*lines, "sf.update(record)")


def deleted(ids: Iterable[str]) -> str:
    """delete() by Id."""
    return connected(f"sf.delete([{', '.join(_text(id_) for id_ in ids)}])")


def called(name: str, **arguments: Any) -> str:
    """Any other call, by its name in the WSDL."""
    given = "".join(f", {key}={_text(value)}" for key, value in arguments.items())
    return connected(f'print(sf.call("{name}"{given}))')


def _text(value: Any) -> str:
    """A literal. A string of JSON is one of Python too, and leaves the single quotes of SOQL alone."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
