"""Names to operands: fields, aliases, parent paths, the Name pseudo-object of polymorphic
references.

Source: SOQL reference, Alias Notation, Understanding Relationship Query Limitations, Understanding
Relationship Fields and Polymorphic Fields.
"""

from collections.abc import Callable

from orgbox.catalog import Catalog, Field, SObject
from orgbox.catalog.fieldtypes import TYPES, FieldType
from orgbox.errors import (
    ApiFault,
    unknown_field_text,
    unknown_relationship_text,
    unknown_type_text,
)
from orgbox.soql.errors import name_fault
from orgbox.soql.nodes import Name, Source
from orgbox.soql.operands import Branch, NameColumn, Operand, TypeColumn

_MOST_LEVELS = 5
_MOST_RELATIONSHIPS = 55
_DRIVING = (
    "A driving SObject type has already been set, all other entity types in the FROM clause must "
    "be relationships to the initial object.  The driving object is {name}"
)

_NAME_FIELDS: dict[str, FieldType] = {
    "Id": TYPES["id"],
    "Name": TYPES["string"],
    "Alias": TYPES["string"],
    "Email": TYPES["email"],
    "FirstName": TYPES["string"],
    "IsActive": TYPES["boolean"],
    "LastName": TYPES["string"],
    "Phone": TYPES["phone"],
    "ProfileId": TYPES["reference"],
    "Title": TYPES["string"],
    "UserRoleId": TYPES["reference"],
    "Username": TYPES["string"],
}
NAME_OBJECT = SObject(
    name="Name",
    label="Name",
    label_plural="Names",
    key_prefix=None,
    since=0,
    calls=frozenset(),
    traits=frozenset(),
    fields=tuple(
        Field(name, name, type_, nillable=True, filterable=True, sortable=True, length=255)
        for name, type_ in {**_NAME_FIELDS, "Type": TYPES["picklist"]}.items()
    ),
)
"""What a polymorphic reference is followed to: the fields that the SObjects behind it may share."""

_NAME_ID = NAME_OBJECT.by_name["id"]


class Names:
    """The names one SELECT knows: its root SObject, aliases, and the parents reached so far."""

    def __init__(self, text: str, catalog: Catalog, root: SObject) -> None:
        self.text = text
        self.catalog = catalog
        self.root = Branch(root)
        self.branches = [self.root]
        self._aliases: dict[str, tuple[str, ...]] = {root.name.lower(): ()}
        self._reached: dict[tuple[int, str, str], Branch] = {}
        self._name_columns: dict[tuple[int, str, str], NameColumn] = {}
        self._made: dict[tuple[object, ...], Operand] = {}
        self._type_columns: dict[tuple[int, str], TypeColumn] = {}

    def fault(self, code: str, message: str, offset: int) -> ApiFault:
        """A fault about the name at that place."""
        return name_fault(code, message, self.text, offset)

    def too_many_relationships(self, offset: int) -> ApiFault:
        """The fault for a query that follows more relationships than one may."""
        text = f"A query can follow at most {_MOST_RELATIONSHIPS} relationships"
        return self.fault("MALFORMED_QUERY", text, offset)

    def add_root_alias(self, alias: Name | None) -> None:
        """Learn the alias of the root."""
        if alias:
            self._aliases[alias.text.lower()] = ()

    def add_relationship(self, source: Source) -> None:
        """Learn a further FROM entry, a relationship of the root such as `c.Account a`."""
        first, _, rest = source.name.text.partition(".")
        if self._aliases.get(first.lower()) != () or not rest:
            text = _DRIVING.format(name=self.root.sobject.name)
            raise self.fault("MALFORMED_QUERY", text, source.offset)
        path = tuple(rest.split("."))
        self._follow(self.root, path, source.name)
        alias = source.alias.text if source.alias else path[-1]
        self._aliases[alias.lower()] = path

    def once(self, key: tuple[object, ...], make: Callable[[], Operand]) -> Operand:
        """The operand kept under the key, made the first time."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def segments(self, name: Name) -> list[str]:
        """The path from the root, its alias taken off."""
        parts = name.text.split(".")
        if len(parts) > 1 and parts[0].lower() in self._aliases:
            return [*self._aliases[parts[0].lower()], *parts[1:]]
        return parts

    def resolve(self, name: Name) -> Operand:
        """The operand a path leads to. Raises INVALID_FIELD with the place of the path."""
        *path, last = self.segments(name)
        branch, reference = self._follow(self.root, tuple(path), name)
        if reference is not None:
            return self._name_field(branch, reference, last, name)
        field = branch.sobject.field(last)
        if field is None:
            text = unknown_field_text(last, branch.sobject.name)
            raise self.fault("INVALID_FIELD", text, name.offset)
        return branch.column(field)

    def _follow(self, branch: Branch, path: tuple[str, ...], name: Name) -> tuple[Branch, Field | None]:
        """The branch a path leads to, and the polymorphic reference it ends in, if it does."""
        if len(path) > _MOST_LEVELS:
            text = f"Relationship path '{name.text}' has more than {_MOST_LEVELS} levels"
            raise self.fault("MALFORMED_QUERY", text, name.offset)
        for number, step in enumerate(path, 1):
            via = branch.sobject.parents.get(step.lower())
            known = [self.catalog.get(target) for target in via.reference_to] if via else []
            found = [target for target in known if target]
            if via is None or not found or (via.polymorphic and number < len(path)):
                text = unknown_relationship_text(step if via is None else path[-1])
                raise self.fault("INVALID_FIELD", text, name.offset)
            if via.polymorphic:
                return branch, via
            branch = self._reach(branch, via, found[0], name)
        return branch, None

    def _reach(self, parent: Branch, via: Field, target: SObject, name: Name) -> Branch:
        key = (id(parent), via.name, target.name)
        if key not in self._reached:
            if len(self._reached) >= _MOST_RELATIONSHIPS:
                raise self.too_many_relationships(name.offset)
            self._reached[key] = Branch(target, parent, via)
            self.branches.append(self._reached[key])
        return self._reached[key]

    def _name_field(self, branch: Branch, via: Field, last: str, name: Name) -> Operand:
        field = NAME_OBJECT.field(last)
        if field is None:
            raise self.fault("INVALID_FIELD", unknown_field_text(last, "Name"), name.offset)
        present = self._name_column(branch, via, _NAME_ID, None, name)
        if field is _NAME_ID:
            return present
        if field.name != "Type":
            return self._name_column(branch, via, field, present, name)
        return self._type_column(branch, via, field, present)

    def _candidates(self, via: Field) -> list[SObject]:
        return [s for s in map(self.catalog.get, via.reference_to) if s]

    def _name_column(
        self, branch: Branch, via: Field, field: Field, present: NameColumn | None, name: Name
    ) -> NameColumn:
        key = (id(branch), via.name, field.name)
        if key not in self._name_columns:
            options = []
            for target in self._candidates(via):
                own = target.name_field if field.name == "Name" else target.field(field.name)
                if own is not None:
                    options.append(self._reach(branch, via, target, name).column(own))
            self._name_columns[key] = NameColumn(
                branch.column(via), field.name, field.type, tuple(options), present
            )
        return self._name_columns[key]

    def _type_column(self, branch: Branch, via: Field, field: Field, present: NameColumn) -> TypeColumn:
        key = (id(branch), via.name)
        if key not in self._type_columns:
            prefixes = [(s.key_prefix, s.name) for s in self._candidates(via) if s.key_prefix]
            self._type_columns[key] = TypeColumn(branch.column(via), present, field.type, tuple(prefixes))
        return self._type_columns[key]


def root_of(text: str, catalog: Catalog, source: Source) -> SObject:
    """The SObject of a FROM entry. Raises INVALID_TYPE, or INVALID_TYPE_FOR_OPERATION."""
    sobject = catalog.get(source.name.text)
    if sobject is None:
        message = unknown_type_text(source.name.text)
        raise name_fault("INVALID_TYPE", message, text, source.offset)
    if not sobject.supports("query"):
        message = f"entity type {sobject.name} does not support query"
        raise ApiFault("INVALID_TYPE_FOR_OPERATION", message)
    return sobject


def names_of(text: str, catalog: Catalog, sources: tuple[Source, ...]) -> Names:
    """The names of a SELECT with that FROM list."""
    names = Names(text, catalog, root_of(text, catalog, sources[0]))
    names.add_root_alias(sources[0].alias)
    if len(sources) > _MOST_RELATIONSHIPS:
        raise names.too_many_relationships(sources[_MOST_RELATIONSHIPS].offset)
    for source in sources[1:]:
        names.add_relationship(source)
    return names
