"""The floor of HTTP: waitress reads the request and answers with its body. `echo.py PORT`"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from waitress import serve


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The request's body comes back."""
    body = environ["wsgi.input"].read()
    head = [("Content-Type", "text/xml; charset=UTF-8"), ("Content-Length", str(len(body)))]
    start_response("200 OK", head)
    return [body]


if __name__ == "__main__":
    serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8, ident=None)
