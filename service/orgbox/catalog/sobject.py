"""An SObject and its fields as frozen values, in the words of the describe result."""

from dataclasses import dataclass, field, replace
from functools import cached_property

from orgbox.catalog.fieldtypes import FieldType
from orgbox.frozen import value

FOREVER = 10_000
"""The `until` of what has not been taken away: later than any API version."""


@value
class PicklistEntry:
    """One value of a picklist; a label of None is described as nil, as the service does for some objects."""

    value: str
    label: str | None
    active: bool = True
    default: bool = False


@value
class Field:
    """One field. Attributes are those of `Field` in a DescribeSObjectResult, in snake case.

    `since` and `until` are API versions (21 for 21.0). `children` is the relationship name under which
    the referenced SObject lists these records.
    """

    name: str
    label: str
    type: FieldType
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    nillable: bool = False
    createable: bool = False
    updateable: bool = False
    filterable: bool = False
    groupable: bool = False
    sortable: bool = False
    aggregatable: bool = False
    defaulted_on_create: bool = False
    unique: bool = False
    case_sensitive: bool = False
    id_lookup: bool = False
    external_id: bool = False
    name_field: bool = False
    auto_number: bool = False
    restricted_picklist: bool = False
    permissionable: bool = False
    custom: bool = False
    indexed: bool = False
    picklist: tuple[PicklistEntry, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    relationship_order: int | None = None
    children: str | None = None
    cascade_delete: bool = False
    compound: str | None = None
    extra_type_info: str | None = None
    default: object = None
    since: int = 0
    until: int = FOREVER

    @property
    def byte_length(self) -> int:
        """Three bytes a character for text, 18 for ids, 0 for the rest (describe of Lead, API 41.0)."""
        if self.type.family == "id":
            return 18
        return 3 * self.length if self.type.family == "text" else 0

    @property
    def polymorphic(self) -> bool:
        """Whether the field can point to records of several SObjects."""
        return len(self.reference_to) > 1

    @property
    def required(self) -> bool:
        """Whether create() must be given a value."""
        return self.createable and not (self.nillable or self.defaulted_on_create)

    @property
    def stored(self) -> bool:
        """Whether the field has a column of its own; compound fields are put together from their parts."""
        return self.type.column is not None

    @property
    def shadow(self) -> str | None:
        """Name of the column with the folded text, by which the field is compared without regard to case."""
        short = self.type.folded and self.length <= 255 and (self.filterable or self.unique)
        return f"{self.name}_ci" if short and not self.restricted_picklist else None


@value
class Relationship:
    """A child relationship as the parent lists it; `name` is None where SOQL cannot follow it."""

    child: str
    field: str
    name: str | None
    cascade_delete: bool = False


@dataclass(frozen=True)
class SObject:
    """A kind of record. `calls` are the supported calls of its reference page, `traits` describe flags.

    `chatter` says that users with nothing but Chatter see it; `edit_permission` names the permission
    it takes to change its records, where not everybody may.
    """

    name: str
    label: str
    label_plural: str
    key_prefix: str | None
    since: int
    calls: frozenset[str]
    traits: frozenset[str]
    fields: tuple[Field, ...]
    custom: bool = False
    scopes: tuple[tuple[str, str], ...] = ()
    chatter: bool = False
    edit_permission: str | None = None
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {f.name.lower(): f for f in self.fields})

    def field(self, name: str) -> Field | None:
        """The field of that name without regard to case, or None."""
        return self.by_name.get(name.lower())

    def supports(self, call: str) -> bool:
        """Whether the reference page lists the call under Supported Calls."""
        return call in self.calls

    @cached_property
    def parents(self) -> dict[str, Field]:
        """Reference fields by lower-case relationship name."""
        return {f.relationship_name.lower(): f for f in self.fields if f.relationship_name}

    @cached_property
    def named(self) -> dict[str, Field]:
        """Fields by their exact name, for names already found in the catalogue."""
        return {f.name: f for f in self.fields}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the fields create() must be given."""
        return tuple(f.name for f in self.fields if f.required)

    @cached_property
    def references(self) -> frozenset[str]:
        """Names of the fields that point to records."""
        return frozenset(f.name for f in self.fields if f.type.name == "reference")

    @cached_property
    def restricted(self) -> frozenset[str]:
        """Names of the restricted picklists."""
        return frozenset(f.name for f in self.fields if f.restricted_picklist)

    @cached_property
    def shadows(self) -> tuple[tuple[str, str], ...]:
        """Names of the stored fields with a shadow column, each with that column's."""
        return tuple((f.name, f.shadow) for f in self.fields if f.stored and f.shadow)

    @cached_property
    def initial(self) -> dict[str, object]:
        """What fields hold that create() was not given: their default, false for booleans."""
        stored = [f for f in self.fields if f.stored]
        values = {f.name: f.default for f in stored if f.default is not None}
        return {f.name: False for f in stored if f.type.name == "boolean"} | values

    @cached_property
    def name_field(self) -> Field | None:
        """The field that holds the record's name, if the SObject has one."""
        return next((f for f in self.fields if f.name_field), None)

    def as_of(self, version: int) -> "SObject":
        """The SObject as that API version knows it."""
        fields = tuple(f for f in self.fields if f.since <= version < f.until)
        return self if len(fields) == len(self.fields) else replace(self, fields=fields)
