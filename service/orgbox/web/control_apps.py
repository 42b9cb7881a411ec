"""Connected apps of an org in the control API: list, make, remove; refresh tokens for their users.

`api` is the blueprint of `control`, whole only with these views.
"""

from dataclasses import asdict

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from orgbox.org import apps, oauth
from orgbox.org.org import Org
from orgbox.web.control import sent, text_of, the_org
from orgbox.web.control_org import api
from orgbox.web.desk import desk

__all__ = ["api"]
_NO_CONTENT = ("", 204)


@api.get("/orgs/<org_id>/apps")
def list_apps(org_id: str) -> Response:
    """The org's connected apps, with their secrets."""
    org = the_org(org_id)
    with desk().orgs.database.read() as connection:
        return jsonify(apps=[asdict(app) for app in apps.apps(connection, org)])


@api.post("/orgs/<org_id>/apps")
def add_app(org_id: str) -> ResponseReturnValue:
    """Make an app, or change the one of that `consumer_key`. `run_as` is a user name; all is optional."""
    org, values = the_org(org_id), sent()
    if run_as := text_of(values, "run_as"):
        values["run_as"] = _user_id(org, run_as)
    app = apps.make_app(values)
    with desk().orgs.database.write() as connection:
        apps.add(connection, org, app)
    return jsonify(asdict(app)), 201


@api.delete("/orgs/<org_id>/apps/<consumer_key>")
def remove_app(org_id: str, consumer_key: str) -> ResponseReturnValue:
    """Remove an app."""
    org = the_org(org_id)
    with desk().orgs.database.write() as connection:
        if not apps.remove(connection, org, consumer_key):
            raise NotFound(f"there is no app {consumer_key}")
    return _NO_CONTENT


@api.post("/orgs/<org_id>/apps/<consumer_key>/refresh_tokens")
def give_refresh_token(org_id: str, consumer_key: str) -> ResponseReturnValue:
    """A refresh token, as if the user of that `username` had approved the app."""
    org = the_org(org_id)
    user_id = _user_id(org, text_of(sent(), "username") or "")
    if oauth.find_app(desk().orgs, consumer_key, org) is None:
        raise NotFound(f"there is no app {consumer_key}")
    with desk().orgs.database.write() as connection:
        token = apps.give_refresh_token(connection, org, user_id, consumer_key)
    return jsonify(refresh_token=token), 201


def _user_id(org: Org, username: str) -> str:
    """The Id of a user of the org. Raises BadRequest."""
    found = desk().orgs.of_username(username, org)
    if found is None or found[0] is not org:
        raise BadRequest(f"{org.id} has no user {username!r}")
    return found[1]
