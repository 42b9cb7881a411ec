"""From what users have of their org (its enterprise WSDL, describe results) to documents of its SObjects."""

from orgbox.catalog.importing.drafts import Imported
from orgbox.catalog.importing.files import read_file

__all__ = ["Imported", "read_file"]
