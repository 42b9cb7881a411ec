"""The doors of the platform's other APIs: not here, which is said in the form of their errors.

Libraries that sign in by SOAP may go on by REST; what they show then is this text. Source: REST API
Developer Guide, "Status Codes and Error Responses".
"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

api = Blueprint("elsewhere", __name__)
_APIS = ("data", "async", "apexrest")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TEXT = "The requested resource does not exist. Orgbox speaks SOAP alone (docs/clients.md)."


def absent(**_: str) -> ResponseReturnValue:
    """HTTP 404 with an error of the REST API."""
    return jsonify([{"errorCode": "NOT_FOUND", "message": _TEXT}]), 404


for _name in _APIS:
    for _base in ("/services", "/org/<org_id>/services"):
        api.add_url_rule(f"{_base}/{_name}/", view_func=absent, methods=_METHODS)
        api.add_url_rule(f"{_base}/{_name}/<path:rest>", view_func=absent, methods=_METHODS)
