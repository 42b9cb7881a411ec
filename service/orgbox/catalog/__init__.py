"""What exists: SObjects and their fields, as data."""

from orgbox.catalog.load import Catalog, standard_catalog
from orgbox.catalog.sobject import Field, PicklistEntry, Relationship, SObject

__all__ = ["Catalog", "Field", "PicklistEntry", "Relationship", "SObject", "standard_catalog"]
