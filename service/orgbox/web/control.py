"""The control API under `/_orgbox/`: orgs made, brought back and removed by tests and scripts, in JSON.

Every request carries the control key as `Authorization: Bearer KEY`; without it there is no answer but
401. A key that was not chosen by whoever runs the service opens the door to this machine alone. Pages of
an org are in `control_org`.
"""

import hmac
import ipaddress
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, NotFound

from orgbox.errors import ApiFault, OrgboxError
from orgbox.org.lifecycle import NoSuchSnapshot
from orgbox.org.org import Org
from orgbox.org.published import has_published
from orgbox.org.seed import Seed, SeedError, parse_seed, read_seed
from orgbox.web.desk import desk, service_url
from orgbox.web.parts import Control

api = Blueprint("control", __name__, url_prefix="/_orgbox")
_NO_CONTENT = ("", 204)


def control() -> Control:
    """The parts of the control API of the service that answers."""
    found: Control = current_app.extensions["orgbox_control"]
    return found


@api.before_request
def check_key() -> ResponseReturnValue | None:
    """Refuse whoever has no key, and other machines while the key is a random one."""
    if has_key():
        return None
    answer = jsonify(error="unauthorized")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer, 401


def has_key() -> bool:
    """Whether the request carries the key, and may come from where it comes from."""
    parts = control()
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    right = hmac.compare_digest(sent.strip().encode(), parts.key.encode())
    return scheme.lower() == "bearer" and right and (parts.chosen or is_here(request.remote_addr))


def is_here(address: str | None) -> bool:
    """Whether an address is this machine's loopback."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


@api.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> ResponseReturnValue:
    return jsonify(error=error.description), error.code or 500


@api.errorhandler(ValueError)
def _wrong_value(error: ValueError) -> ResponseReturnValue:
    return jsonify(error=str(error)), 400


@api.errorhandler(OrgboxError)
def _refused(error: OrgboxError) -> ResponseReturnValue:
    status = 404 if isinstance(error, NoSuchSnapshot) else 503 if isinstance(error, ApiFault) else 400
    return jsonify(error=str(error)), status


@api.route("/", defaults={"rest": ""}, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@api.route("/<path:rest>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def _nothing(rest: str) -> ResponseReturnValue:
    raise NotFound(f"there is no /_orgbox/{rest}")


def sent(*known: str) -> dict[str, Any]:
    """The JSON object sent, empty for no body; with no names but those known, if any. Raises BadRequest."""
    if not request.get_data():
        return {}
    try:
        found = request.get_json(force=True, silent=True)
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        raise BadRequest("the body must be a JSON object")
    if known and (unknown := sorted(found.keys() - set(known))):
        raise BadRequest(f"{unknown[0]}: the body has {' and '.join(known)}")
    return found


def text_of(values: dict[str, Any], name: str) -> str | None:
    """A value that is text or not there. Raises BadRequest."""
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name}: {value!r} is no text")
    return value


def the_org(org_id: str) -> Org:
    """The org of an Id in a path. Raises NotFound."""
    org = desk().orgs.get(org_id)
    if org is None:
        raise NotFound(f"there is no org {org_id}")
    return org


def org_shown(org: Org) -> dict[str, Any]:
    """An org as JSON. `login_url` is the base URL under which clients meet it and no other org."""
    base = service_url()
    return {
        "id": org.id, "name": org.name, "isolated": org.isolated,
        "login_url": f"{base}/org/{org.id[:15]}" if org.isolated else base,
    }  # fmt: skip


@api.get("/orgs")
def list_orgs() -> Response:
    """Every org."""
    return jsonify(orgs=[org_shown(org) for org in desk().orgs.all()])


@api.post("/orgs")
def create_org() -> ResponseReturnValue:
    """A new isolated org, as the TOML text `seed` has it or as the service's own seed."""
    values = sent("seed", "name")
    seed = _seed(text_of(values, "seed"))
    if has_published(seed) and not control().takes_published:
        raise BadRequest("other machines reach this service: the seed must not have a published password")
    org = control().lifecycle.create(seed, text_of(values, "name"))
    return jsonify(org_shown(org) | {"password": seed.password}), 201


def _seed(text: str | None) -> Seed:
    try:
        return parse_seed(text) if text else read_seed(control().seed)
    except OSError as error:
        raise SeedError(f"seed: {error}") from None


@api.get("/orgs/<org_id>")
def show_org(org_id: str) -> Response:
    """One org."""
    return jsonify(org_shown(the_org(org_id)))


@api.delete("/orgs/<org_id>")
def delete_org(org_id: str) -> ResponseReturnValue:
    """Remove an org with its snapshots."""
    org = the_org(org_id)
    control().lifecycle.delete(org)
    desk().calls.clear(org.number)
    return _NO_CONTENT


@api.post("/orgs/<org_id>/reset")
def reset_org(org_id: str) -> ResponseReturnValue:
    """Back to the seed; fault rules go, who is signed in stays so."""
    control().lifecycle.reset(the_org(org_id))
    return _NO_CONTENT


@api.post("/orgs/<org_id>/fork")
def fork_org(org_id: str) -> ResponseReturnValue:
    """A new isolated org with all that another has."""
    made = control().lifecycle.fork(the_org(org_id), text_of(sent("name"), "name"))
    return jsonify(org_shown(made)), 201


@api.get("/orgs/<org_id>/snapshots")
def list_snapshots(org_id: str) -> Response:
    """Names of the org's snapshots, oldest first."""
    return jsonify(snapshots=control().lifecycle.snapshots(the_org(org_id)))


@api.put("/orgs/<org_id>/snapshots/<name>")
def take_snapshot(org_id: str, name: str) -> ResponseReturnValue:
    """Keep what the org has now; an older snapshot of that name goes."""
    control().lifecycle.snapshot(the_org(org_id), name)
    return _NO_CONTENT


@api.post("/orgs/<org_id>/snapshots/<name>/restore")
def restore_snapshot(org_id: str, name: str) -> ResponseReturnValue:
    """Back to a snapshot, as often as wanted; fault rules go."""
    control().lifecycle.restore(the_org(org_id), name)
    return _NO_CONTENT
