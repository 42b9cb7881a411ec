"""Statements said to PostgreSQL by libpq itself: the driver's cursors cost more than a short statement does.

Every statement is prepared when it is first executed, and kept by the server. What Python's values are to
PostgreSQL, and its values to Python, the driver's `Transformer` knows. Sources: PostgreSQL documentation,
"libpq", "Command Execution Functions" and "Pipeline Mode"; psycopg documentation, "Data adaptation
configuration".
"""

import importlib
import re
import select
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from orgbox.org.modes import Parameters
from orgbox.org.pool import driver_of

_PREPARED = 500
_TOGETHER = 100
"""Statements that are sent before the first answer is read: all answers find room in the socket."""
_IDLE = 0
"""What libpq calls PQTRANS_IDLE: no transaction is under way."""
_PLACE = re.compile(r"%(?:%|s|\((\w+)\)s)")
_OUTDATED = frozenset({"0A000", "26000"})
"""The result of a prepared statement would have other types than it had; there is no such statement."""


_Ready = tuple[bytes, Sequence[Any], Sequence[Any]]
"""The name of a prepared statement, its parameters and their formats."""


def line_of(connection: Connection) -> "Line":
    """The line to the server that is behind a connection."""
    line: Line | None = connection.info.get("line")
    if line is None:
        line = connection.info["line"] = Line(driver_of(connection))
    return line


class Line:
    """What is said on one connection, and the statements prepared on it. Raises the driver's errors."""

    def __init__(self, driver: Any) -> None:
        adapt = importlib.import_module("psycopg.adapt")  # there is none where SQLite alone is used
        driver.prepare_threshold = None  # its own statements; it would deallocate all, ours too
        self._driver, self._libpq = driver, driver.pgconn
        self._socket = select.poll()
        self._socket.register(self._libpq.socket, select.POLLIN)
        self._values, self._format = adapt.Transformer(driver), adapt.PyFormat.AUTO
        self._prepared: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._made = 0
        self._left = False

    def say(self, words: bytes) -> None:
        """Execute words without a result. The answer to the last ones, if it is still to come, is let go."""
        self._left = False
        self._hear(self._libpq.exec_(words))

    def leave(self, words: bytes) -> None:
        """Send the words that end a transaction; nobody waits for the answer, which changes nothing."""
        self._libpq.send_query(words)
        self._left = True

    def undo(self) -> None:
        """End the transaction, if there is one, as if it had not been."""
        if not self._left and self._libpq.transaction_status != _IDLE:
            self._driver.rollback()

    def rows(self, text: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, none if it gives none."""
        answer = self._libpq.exec_prepared(*self._ready(text, parameters))
        if answer.error_message:
            raise self._failure(answer)
        if not answer.nfields:
            return []
        self._values.set_pgresult(answer)
        rows: list[tuple[Any, ...]] = self._values.load_rows(0, answer.ntuples, tuple)
        self._values.set_pgresult(None)
        return rows

    def many(self, text: str, parameters: Sequence[Parameters]) -> None:
        """Execute a statement, which gives no rows, once for each of the parameters."""
        ready = [self._ready(text, given) for given in parameters]
        for start in range(0, len(ready), _TOGETHER):
            self._together(ready[start : start + _TOGETHER])

    def _together(self, ready: Sequence[_Ready]) -> None:
        """Send all, then read the answers: after one that is an error the server does nothing more."""
        self._libpq.enter_pipeline_mode()
        for statement in ready:
            self._libpq.send_query_prepared(*statement)
        self._libpq.pipeline_sync()
        answers = []
        for _ in ready:
            answers.append(self._next_answer())
            self._next_answer()  # None: the end of this one
        self._next_answer()  # the end of all
        self._libpq.exit_pipeline_mode()
        for answer in answers:
            if answer.error_message:
                raise self._failure(answer)

    def _next_answer(self) -> Any:
        """The next answer, once it is there: libpq would let no other thread work while it waits for it."""
        while self._libpq.is_busy():
            unsent = self._libpq.flush()  # the server answers once it has all
            self._socket.modify(self._libpq.socket, select.POLLIN | (select.POLLOUT if unsent else 0))
            self._socket.poll()
            self._libpq.consume_input()
        return self._libpq.get_result()

    def _ready(self, text: str, parameters: Parameters) -> _Ready:
        query, names = _numbered(text)
        given = [parameters[name] for name in names]
        dumped = self._values.dump_sequence(given, [self._format] * len(given))
        return self._name_of(query, self._values.types), dumped, self._values.formats

    def _name_of(self, query: bytes, types: tuple[int, ...]) -> bytes:
        """The name under which the server has the statement, of which it keeps so many."""
        name = self._prepared.get((query, types))
        if name is not None:
            self._prepared.move_to_end((query, types))
            return name
        if len(self._prepared) >= _PREPARED:
            _, oldest = self._prepared.popitem(last=False)
            self._hear(self._forgotten(oldest))
        self._made += 1
        name = b"orgbox_%d" % self._made
        self._hear(self._libpq.prepare(name, query, types))
        self._prepared[query, types] = name
        return name

    def _forgotten(self, name: bytes) -> Any:
        """The answer to: keep this one no longer. A pooler understands only the newer form of it."""
        if importlib.import_module("psycopg").capabilities.has_send_close_prepared():
            return self._libpq.close_prepared(name)
        return self._libpq.exec_(b"DEALLOCATE " + name)

    def _hear(self, answer: Any) -> None:
        if answer.error_message:
            raise self._error(answer)

    def _error(self, answer: Any) -> Any:
        """What the server, or libpq itself, says."""
        error = importlib.import_module("psycopg.errors").error_from_result(answer)
        return error if error.sqlstate else self._driver.OperationalError(str(error))

    def _failure(self, answer: Any) -> Any:
        """Why a prepared statement failed; where it is outdated, the connection counts as lost."""
        error = self._error(answer)
        if error.sqlstate in _OUTDATED:
            self._driver.close()
        return error


@lru_cache(maxsize=2_000)
def _numbered(text: str) -> tuple[bytes, tuple[Any, ...]]:
    """A text with the driver's places for parameters in the server's words, and what is in each place."""
    names: list[Any] = []

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        name = found[1] or len(names)
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PLACE.sub(place, text).encode(), tuple(names)
