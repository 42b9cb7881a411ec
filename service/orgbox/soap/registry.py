"""Which function answers which call: `@call("create", writes=True)`."""

from collections.abc import Callable
from typing import Any, TypeVar

from orgbox.frozen import value

_F = TypeVar("_F", bound=Callable[..., Any])


@value
class Handler:
    """A function of the context and the arguments in WSDL order.

    `writes` asks for a writing transaction; `signed_in` is false for login(); `expired` allows the call
    to a user whose password has expired.
    """

    function: Callable[..., Any]
    writes: bool
    signed_in: bool
    expired: bool


HANDLERS: dict[str, Handler] = {}


def call(
    name: str, *, writes: bool = False, signed_in: bool = True, expired: bool = False
) -> Callable[[_F], _F]:
    """Declare the function that answers a call of the description."""

    def register(function: _F) -> _F:
        HANDLERS[name] = Handler(function, writes, signed_in, expired)
        return function

    return register
