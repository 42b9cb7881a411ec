"""The pages. So far: a start page that tells where everything is, and the health check."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, jsonify, render_template, request

from orgbox import __version__
from orgbox.org.registry import Orgs


def make_site(orgs: Orgs) -> Callable[..., Iterable[bytes]]:
    """The Flask application as WSGI."""
    site = Flask("orgbox.web")

    @site.get("/")
    def start() -> str:
        """Who can sign in and where the WSDLs are."""
        return render_template(
            "start.html", orgs=orgs.all(), base_url=request.host_url.rstrip("/"), version=__version__
        )

    @site.get("/health")
    def health() -> Response:
        """Whether the service can reach its database."""
        with orgs.database.read() as connection:
            connection.exec_driver_sql("SELECT 1").one()
        return jsonify(status="ok", version=__version__)

    @site.after_request
    def guard(response: Response) -> Response:
        """Pages run no script and load nothing from elsewhere."""
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'self'"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    wsgi: Any = site.wsgi_app
    return wsgi  # type: ignore[no-any-return]
