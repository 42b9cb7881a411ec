"""What one record of an answer looks like: the bridge from a compiled query to the encoders.

A row is a tuple; the items say which places of it hold what. Shapes are values, made once per query
text and kept, so that an encoder compiled for a shape can be kept with it.
"""


from orgbox.catalog.fieldtypes import FieldType
from orgbox.catalog.sobject import SObject
from orgbox.frozen import entity, value


@value
class Value:
    """A field, function or aggregate: `row[index]` is the stored value, None for null."""

    name: str
    type: FieldType
    index: int


@value
class Compound:
    """A compound field such as Address: wire names of its parts with their places."""

    name: str
    type: FieldType
    parts: tuple[Value, ...]


@value
class Parent:
    """A nested parent record, its fields in the same row; null when `row[present]` is None."""

    name: str
    shape: "Shape"
    present: int


@value
class Children:
    """A child subquery: `row[index]` is an `Answer`, or None where there are no children."""

    name: str
    index: int


@value
class Choice:
    """A TYPEOF item: `row[index]` is a pair (Shape, row) by the type of the record pointed to, or None."""

    name: str
    index: int


Item = Value | Compound | Parent | Children | Choice


@entity
class Shape:
    """A record: its SObject (None for AggregateResult) and the items in the order of the SELECT list.

    `id_index` is the place of the Id where the record tells it unasked, as retrieve() does.
    """

    sobject: SObject | None
    items: tuple[Item, ...]
    id_index: int | None = None


@value
class Answer:
    """A QueryResult: `size` counts all records, `rows` holds this batch, `locator` leads to the next."""

    shape: Shape
    rows: list[tuple[object, ...]]
    size: int
    locator: str | None = None

    @property
    def done(self) -> bool:
        """Whether no batch remains."""
        return self.locator is None
