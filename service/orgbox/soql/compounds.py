"""The parts of compound fields: of an address, of a place.

Source: Object Reference, Address Compound Fields, Geolocation Compound Fields.
"""

from orgbox.catalog import Field, SObject

_PARTS = (
    "latitude", "longitude", "city", "country", "countryCode", "geocodeAccuracy", "postalCode",
    "state", "stateCode", "street",
)  # fmt: skip
"""Wire names of the parts of an address, in the order of its WSDL type."""


def parts(sobject: SObject, compound: Field) -> dict[str, Field]:
    """The fields a compound field is put together from, by their wire names in their order."""
    found = {_part_name(compound, f): f for f in sobject.fields if f.compound == compound.name}
    return {name: found[name] for name in _PARTS if name in found}


def _part_name(compound: Field, part: Field) -> str:
    if part.name.endswith("__s"):  # Place__Latitude__s of the custom field Place__c
        return part.name.removesuffix("__s").rpartition("__")[2].lower()
    prefix = compound.name.removesuffix("Address")
    name = part.name.removeprefix(prefix) if prefix != compound.name else part.name
    return name[:1].lower() + name[1:]
