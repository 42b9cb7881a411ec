"""The log as JSON, one line an entry, for machines to read. Nothing that opens a door is ever written."""

import json
import logging
import sys
from datetime import UTC, datetime

_LOGGERS = ("orgbox", "waitress")


class JsonLines(logging.Formatter):
    """`time`, `level`, `logger`, `message`, what the record has in `facts`, and the traceback of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {
            "time": moment.replace("+00:00", "Z"), "level": record.levelname.lower(),
            "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        entry |= getattr(record, "facts", {})
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def start_logging(target: str) -> None:
    """Log to a file, or to stderr for `-`; for an empty target Python's own ways stay. Raises OSError.

    A file that is moved away is begun anew, so that it can be rotated.
    """
    if not target:
        return
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    if target != "-":
        from logging.handlers import WatchedFileHandler  # milliseconds to load, for who wants a file

        handler = WatchedFileHandler(target, encoding="utf-8")
    handler.setFormatter(JsonLines())
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
