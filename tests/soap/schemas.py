"""Judges what the service says by the schemas of its own WSDL, as compiled by libxml2.

    validate(ENTERPRISE, 60, catalog, response)     raises AssertionError with the error log

Checked are the element in Body, the fault's detail and every header, which the WSDL must also bind
to the call answered. A compiled schema is kept per dialect, version and catalogue.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from lxml import etree

from orgbox.catalog import Catalog
from orgbox.soap.description import description
from orgbox.soap.dialects import Dialect
from orgbox.soap.wsdl import wsdl

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"

_COMPILED: dict[tuple[str, int, str], etree.XMLSchema] = {}
_COMPILING = Lock()


def validator(dialect: Dialect, version: int, catalog: Catalog) -> etree.XMLSchema:
    """The compiled schemas of that WSDL; the same object each time."""
    known = catalog.as_of(version)
    key = (dialect.name, version, known.content_hash)
    with _COMPILING:
        if key not in _COMPILED:
            _COMPILED[key] = compile_schemas(wsdl(dialect, version, known, "http://localhost/"))
        return _COMPILED[key]


def compile_schemas(document: bytes) -> etree.XMLSchema:
    """The schemas within a WSDL, compiled as one. Raises etree.XMLSchemaParseError."""
    schemas = {s.get("targetNamespace", ""): s for s in etree.fromstring(document).iter(XSD + "schema")}
    whole = etree.Element(XSD + "schema")
    with TemporaryDirectory() as folder:
        # In files: lxml's resolvers hang on a setting of the whole process that other threads take back.
        places = {name: str(Path(folder, f"{i}.xsd")) for i, name in enumerate(schemas)}
        for name, schema in schemas.items():
            for imported in schema.findall(XSD + "import"):
                imported.set("schemaLocation", places[imported.get("namespace", "")])
            Path(places[name]).write_bytes(etree.tostring(schema))
            etree.SubElement(whole, XSD + "import", namespace=name, schemaLocation=places[name])
        return etree.XMLSchema(whole)


def validate(dialect: Dialect, version: int, catalog: Catalog, response: bytes) -> None:
    """Raise AssertionError unless the response is what the WSDL promises."""
    envelope = etree.fromstring(response)
    assert envelope.tag == SOAP + "Envelope", envelope.tag
    bodies = envelope.findall(SOAP + "Body")
    assert len(bodies) == 1 and len(bodies[0]) == 1, "one Body with one child"
    answer = bodies[0][0]
    schema = validator(dialect, version, catalog)
    if answer.tag == SOAP + "Fault":
        _validate_fault(schema, dialect, answer)
    else:
        _validate(schema, answer)
    for header in envelope.iterfind(f"{SOAP}Header/*"):
        assert _is_bound(dialect, version, answer, header), f"{header.tag} is not bound"
        _validate(schema, header)


def _validate_fault(schema: etree.XMLSchema, dialect: Dialect, fault: etree._Element) -> None:
    children = [child.tag for child in fault]
    assert children[:2] == ["faultcode", "faultstring"], children
    assert children[2:] in ([], ["detail"]), children
    if children[2:]:
        (detail,) = fault[2]
        name = etree.QName(detail)
        prefix, _, type_name = detail.get(XSI_TYPE, "").rpartition(":")
        assert name.namespace == dialect.fns == detail.nsmap.get(prefix or None), detail.tag
        assert type_name == name.localname, f"xsi:type {type_name} of {detail.tag}"
        _validate(schema, detail)


def _is_bound(dialect: Dialect, version: int, answer: etree._Element, header: etree._Element) -> bool:
    calls = description().as_of(version, dialect.name).calls
    call = calls.get(etree.QName(answer).localname.removesuffix("Response"))
    bound = call.headers_out if call else ()
    return header.tag in {f"{{{dialect.tns}}}{known.name}" for known in bound}


def _validate(schema: etree.XMLSchema, element: etree._Element) -> None:
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    assert schema.validate(alone), str(schema.error_log)
