"""The calls, by family. Importing a module registers its functions."""

from orgbox.soap.calls import describe, query, records, session, utility

__all__ = ["describe", "query", "records", "session", "utility"]
