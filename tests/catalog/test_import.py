"""SObjects read from what users have of their org, and written as TOML they can edit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgbox.catalog import Catalog, standard_catalog
from orgbox.catalog.compare import differences
from orgbox.catalog.importing import read_file
from orgbox.catalog.load import CatalogError
from orgbox.catalog.merging import merged
from orgbox.catalog.own import check, own_catalog, parse
from orgbox.soap.dialects import ENTERPRISE, PARTNER
from orgbox.soap.wsdl import wsdl

BOOKSHOP = Path(__file__).parents[1] / "bookshop"
AT = "http://localhost/services/Soap/c/60.0"


def catalog_of(texts: dict[str, str]) -> Catalog:
    documents = {name: parse(name, text) for name, text in texts.items()}
    catalog = own_catalog(documents, standard_catalog(), "")
    check(catalog, documents, standard_catalog())
    return catalog


@pytest.fixture(scope="module")
def bookshop() -> Catalog:
    return catalog_of(merged({}, read_file(BOOKSHOP, standard_catalog()), standard_catalog()))


def written(tmp_path: Path, name: str, data: bytes | str) -> Path:
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file


def test_a_wsdl_made_from_what_was_read_from_a_wsdl_is_the_same(bookshop: Catalog, tmp_path: Path) -> None:
    original = wsdl(ENTERPRISE, 60, bookshop.as_of(60), AT)

    imported = read_file(written(tmp_path, "enterprise.wsdl", original), standard_catalog())
    again = catalog_of(merged({}, imported, standard_catalog()))

    assert sorted(imported.documents) == ["Author__c", "Book__c", "Chapter__c", "User"]
    assert imported.version == 60
    assert wsdl(ENTERPRISE, 60, again.as_of(60), AT) == original


def test_what_a_wsdl_does_not_say_is_chosen_generously(bookshop: Catalog, tmp_path: Path) -> None:
    file = written(tmp_path, "e.wsdl", wsdl(ENTERPRISE, 60, bookshop, AT))
    imported = read_file(file, standard_catalog(), ["Book__c.ISBN__c"])
    book = catalog_of(merged({}, imported, standard_catalog()))["Book__c"]
    isbn, pages, author = (book.by_name[name] for name in ("isbn__c", "pages__c", "author__c"))

    assert (book.label, book.label_plural, book.key_prefix, book.custom) == ("Book", "Books", "a01", True)
    assert (isbn.type.name, isbn.length, isbn.external_id, isbn.unique) == ("string", 255, True, True)
    assert pages.nillable and pages.filterable and pages.sortable and pages.createable and pages.updateable
    assert author.reference_to == ("Author__c",) and author.children == "Books__r"
    assert not book.by_name["createddate"].createable
    assert {"create", "upsert", "undelete", "query"} <= book.calls


def test_the_text_of_an_import_reads_back_as_what_it_was_made_from(bookshop: Catalog, tmp_path: Path) -> None:
    file = written(tmp_path, "e.wsdl", wsdl(ENTERPRISE, 60, bookshop, AT))
    texts = merged({}, read_file(file, standard_catalog()), standard_catalog())
    for name, text in texts.items():
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")

    again = merged(texts, read_file(tmp_path, standard_catalog()), standard_catalog())

    assert again == {}


def test_what_the_user_has_edited_outlives_another_import_of_the_wsdl(
    bookshop: Catalog, tmp_path: Path
) -> None:
    file = written(tmp_path, "e.wsdl", wsdl(ENTERPRISE, 60, bookshop, AT))
    imported = read_file(file, standard_catalog())
    texts = merged({}, imported, standard_catalog())
    edited = {**texts, "Book__c": texts["Book__c"].replace('label = "ISBN"', 'label = "Number"')}
    shorter = {**edited, "Book__c": "\n".join(
        line for line in edited["Book__c"].splitlines() if not line.startswith("Pages__c")
    )}  # fmt: skip

    changed = merged(shorter, imported, standard_catalog())

    assert [*changed] == ["Book__c"]
    assert 'label = "Number"' in changed["Book__c"] and "Pages__c" in changed["Book__c"]


LEAD: dict[str, Any] = {
    "name": "Lead", "label": "Lead", "labelPlural": "Leads", "keyPrefix": "00Q", "custom": False,
    "createable": True, "queryable": True, "retrieveable": True, "updateable": True, "deletable": True,
    "triggerable": True, "supportedScopes": [{"name": "mine", "label": "My leads"}],
    "childRelationships": [
        {"childSObject": "Visit__c", "field": "Lead__c", "relationshipName": "Visits__r",
         "cascadeDelete": True},
        {"childSObject": "Unknown", "field": "LeadId", "relationshipName": "Unknowns"},
    ],
    "fields": [
        {"name": "Id", "type": "id", "label": "Lead ID", "filterable": True, "sortable": True},
        {"name": "LastName", "type": "string", "label": "Last Name", "length": 80, "createable": True,
         "filterable": True, "updateable": True},
        {"name": "Status", "type": "picklist", "label": "Lead Status", "length": 40, "createable": True,
         "restrictedPicklist": True, "picklistValues": [
             {"value": "Open", "label": "Open!", "active": True, "defaultValue": True},
             {"value": "Old", "label": "Old", "active": False}]},
        {"name": "Odd", "type": "complexvalue", "label": "Odd"},
    ],
}  # fmt: skip
VISIT: dict[str, Any] = {
    "name": "Visit__c", "label": "Visit", "labelPlural": "Visits", "keyPrefix": "a7X", "custom": True,
    "createable": True, "queryable": True,
    "fields": [
        {"name": "Id", "type": "id", "label": "Record ID"},
        {"name": "Lead__c", "type": "reference", "label": "Lead", "createable": True,
         "referenceTo": ["Lead"], "relationshipName": "Lead__r", "relationshipOrder": 0},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    "wrapped",
    [
        [LEAD, VISIT],
        {"status": 0, "result": [LEAD, VISIT]},
        {"sobjects": [{"name": "Lead"}], "describes": {"Lead": LEAD, "Visit__c": VISIT}},
    ],
    ids=["list", "sf command", "describeGlobal with describes"],
)
def test_a_describe_in_json_is_taken_at_its_word(wrapped: Any, tmp_path: Path) -> None:
    imported = read_file(written(tmp_path, "d.json", json.dumps(wrapped)), standard_catalog())
    catalog = catalog_of(merged({}, imported, standard_catalog()))
    lead, visit = catalog["Lead"], catalog["Visit__c"]

    assert (lead.key_prefix, visit.key_prefix) == ("00Q", "a7X")
    assert lead.by_name["lastname"].length == 80 and not lead.by_name["lastname"].nillable
    assert [(e.value, e.label, e.default) for e in lead.by_name["status"].picklist] == [
        ("Open", "Open!", True)
    ]
    assert lead.supports("delete") and not visit.supports("delete")
    assert lead.scopes == (("mine", "My leads"),)
    assert visit.by_name["lead__c"].children == "Visits__r" and visit.by_name["lead__c"].cascade_delete
    assert imported.notes == ["Lead.Odd has the type complexvalue: left out"]


def test_key_prefixes_stay_when_a_describe_knows_others(tmp_path: Path) -> None:
    here = merged({}, read_file(written(tmp_path, "Visit__c.toml", "[fields]"), standard_catalog()),
                  standard_catalog())  # fmt: skip
    describe = read_file(written(tmp_path, "d.json", json.dumps([LEAD, VISIT])), standard_catalog())

    texts = {**here, **merged(here, describe, standard_catalog())}

    assert catalog_of(texts)["Visit__c"].key_prefix == "a00"


SCHEMA = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:enterprise.soap.sforce.com"
    xmlns:ens="urn:sobject.enterprise.soap.sforce.com" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><types>
<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:sobject.enterprise.soap.sforce.com">
<complexType name="sObject"><sequence/></complexType>
<complexType name="Book__c"><complexContent><extension base="ens:sObject"><sequence>
%s
</sequence></extension></complexContent></complexType>
</schema></types></definitions>"""


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ('<element name="A__c"/>', "line 6: Book__c.A__c has no type"),
        ('<element type="xsd:string"/>', "line 6: Book__c has an element named ''"),
        ('<element name="A-b" type="xsd:int"/>', "line 6: Book__c has an element named 'A-b'"),
        ('<element name="A__c" type="foo:int"/>', "line 6: Book__c.A__c has the type foo:int"),
        ('<element name="A__r" type="ens:Lost__c"/>', "line 6: Book__c.A__r leads to Lost__c, which is not"),
        ('<element name="A" type="xsd:int"/>\n' * 2, "line 7: Book__c.A is there twice"),
        ("</sequence>", "line 7: no XML: mismatched tag"),
        ('<element name="A" type="xsd:int">', "line 7: no XML: mismatched tag"),
    ],
)
def test_a_wsdl_that_cannot_be_understood_names_line_and_reason(
    element: str, message: str, tmp_path: Path
) -> None:
    file = written(tmp_path, "e.wsdl", SCHEMA % element)

    with pytest.raises(CatalogError, match=f"e.wsdl: {message}".replace("(", r"\(")):
        read_file(file, standard_catalog())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.wsdl", wsdl(PARTNER, 60, standard_catalog(), AT), "a partner WSDL names no SObjects"),
        ("w.wsdl", b"<definitions/>", "line 1: no SObjects"),
        ("bomb.wsdl", b'<!DOCTYPE d [\n<!ENTITY a "a">]>\n<d>&a;</d>', "line 2: a WSDL has no entities"),
        ("x.json", b'{"name": "A",\n"fields": [}', "no JSON: .* line 2"),
        ("y.json", b"[]", "no describe of an SObject"),
        ("z.json", b'{"name": "A__c", "fields": [{"label": "x"}]}', r"A__c.fields\[0\] has no name"),
        ("a.txt", b"hello", "neither a WSDL"),
        ("B__c.toml", b'label = "B"\n[fields]\nX__c = { type = "sting" }', "line 3: B__c.X__c: no field"),
        ("B__c.toml", b'[fields]\nX__c = { type = "int", size = 3 }', "line 2: B__c.X__c: unknown size"),
        ("B__c.toml", b"[fields]\nX__c = { type }", r"B__c: .*line 2"),
        ("B__c.toml", b'traits = "shiny"\n[fields]', "B__c.traits: unknown shiny"),
        ("User.toml", b'label = "Person"\n[fields]', "User: a standard object takes fields only, not label"),
        ("B c.toml", b"[fields]", "B c: no name of an SObject"),
    ],
)
def test_other_files_that_cannot_be_understood_say_why(
    name: str, text: bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogError, match=message):
        read_file(written(tmp_path, name, text), standard_catalog())


REFERENCE = '[fields]\nA__c = { type = "reference", references = ["%s"], children = "%s" }'


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"B__c": REFERENCE % ("Lost__c", "Bs__r")}, "B__c.A__c: there is no SObject Lost__c"),
        ({"B__c": REFERENCE % ("User", "Bs__r"), "C__c": REFERENCE % ("User", "bs__r")},
         "C__c.A__c: User has child records named bs__r already"),
        ({"B__c": 'key_prefix = "005"\n[fields]'}, "B__c: User has the key prefix 005 already"),
        ({"B__c": 'key_prefix = "a-1"\n[fields]'}, "is not three letters or digits"),
        ({"User": '[fields]\nEmail = { type = "string" }'}, "User.Email: a field that every org has"),
    ],
)  # fmt: skip
def test_sobjects_that_contradict_one_another_are_refused(texts: dict[str, str], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        catalog_of(texts)


def test_a_custom_object_has_what_goes_without_saying() -> None:
    note = catalog_of({"Sales_Note__c": "[fields]"})["Sales_Note__c"]

    assert [f.name for f in note.fields] == [
        "Id", "OwnerId", "IsDeleted", "Name", "CreatedDate", "CreatedById", "LastModifiedDate",
        "LastModifiedById", "SystemModstamp",
    ]  # fmt: skip
    assert (note.label, note.label_plural) == ("Sales Note", "Sales Notes")


def test_the_file_the_documentation_shows_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs/schema.md").read_text("utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]

    invoice = own_catalog({"Invoice__c": parse("Invoice__c", shown)}, standard_catalog(), "")["Invoice__c"]

    assert invoice.by_name["number__c"].external_id and invoice.by_name["status__c"].default == "Draft"


def test_differences_are_told_in_lines(bookshop: Catalog) -> None:
    book = bookshop["Book__c"]
    pages = bookshop["Author__c"].by_name["born__c"]
    fields = tuple(replace(pages, name="Pages__c") if f.name == "Pages__c" else f for f in book.fields)
    other = Catalog([
        replace(book, fields=tuple(f for f in fields if f.name != "Blurb__c")),
        replace(book, name="Film__c"),
    ])  # fmt: skip
    mine = Catalog([book, bookshop["Author__c"]])

    assert [*differences(mine, other, whole=True, exact=False)] == [
        "- Book__c.Blurb__c string",
        "~ Book__c.Pages__c int in the org, date in the file",
        "+ Film__c",
        "- Author__c",
    ]
    assert [*differences(mine, mine, whole=True, exact=True)] == []
