"""The calls as Spyne knows them."""

from decimal import Decimal

import pytest
from spyne import Application, Service
from spyne.protocol.soap import Soap11

from orgbox.soap.description import description
from orgbox.soap.models import NAMESPACE, Record, header, model, operation


@pytest.fixture(scope="module")
def operations():
    """The operations of an application whose service declares every call by its name alone."""

    def answering(name):
        def answer(ctx, *arguments):
            return None

        answer.__name__ = name
        return operation(name)(answer)

    service = type("Soap", (Service,), {name: answering(name) for name in description().calls})
    application = Application([service], NAMESPACE, in_protocol=Soap11(), out_protocol=Soap11())
    found = application.interface.service_method_map
    return {name.removeprefix(f"{{{NAMESPACE}}}"): methods[0] for name, methods in found.items()}


def test_every_call_is_declared_by_its_name(operations):
    assert operations.keys() == description().calls.keys()


def test_an_operation_takes_and_returns_what_its_call_does(operations):
    upsert = operations["upsert"]
    arguments, result = upsert.in_message._type_info, upsert.out_message._type_info["result"]

    assert list(arguments) == ["externalIDFieldName", "sObjects"]
    assert issubclass(arguments["sObjects"], Record)
    assert result.get_type_name() == "UpsertResult"
    assert result.Attributes.max_occurs == Decimal("inf")
    assert header("AllOrNoneHeader") in upsert.in_header


def test_an_operation_may_answer_nothing(operations):
    assert not operations["logout"].out_message._type_info


def test_a_fault_has_the_members_of_its_base():
    fault = model("fns:InvalidFieldFault")

    assert list(fault.get_flat_type_info(fault)) == [
        "exceptionCode", "exceptionMessage", "extendedErrorDetails", "row", "column",
    ]  # fmt: skip
