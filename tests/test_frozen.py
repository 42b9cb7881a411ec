"""Values behave as the standard library's frozen dataclasses do."""

from dataclasses import asdict, field, replace

import pytest

from orgbox.frozen import entity, value


@value
class Place:
    street: str
    town: str = "Acme"
    seen: tuple[int, ...] = field(default=(), repr=False, compare=False)


@value
class Nothing:
    pass


@value
class Nowhere:
    pass


@entity
class Door:
    number: int


def test_values_that_hold_the_same_are_one_key():
    assert {Place("A"): 1} == {Place("A", "Acme", seen=(7,)): 1}
    assert {Nothing(): 1} == {Nothing(): 1}


@pytest.mark.parametrize("other", [Place("B"), Place("A", "B"), ("A", "Acme"), Nothing()])
def test_values_that_hold_something_else_differ(other):
    assert Place("A") != other


def test_values_of_two_classes_differ_though_they_hold_the_same():
    assert Nothing() != Nowhere()


def test_an_entity_is_equal_to_itself_alone():
    door = Door(1)

    assert door == door
    assert door != Door(1)


def test_they_show_what_they_hold():
    assert repr([Place("A"), Door(1)]) == "[Place(street='A', town='Acme'), Door(number=1)]"


def test_the_tools_of_the_standard_library_know_them():
    assert replace(Place("A"), town="B") == Place("A", "B")
    assert asdict(Door(2)) == {"number": 2}
    assert not hasattr(Place("A"), "__dict__")
