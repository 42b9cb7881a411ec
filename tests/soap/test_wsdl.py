"""The WSDL, judged by those who read it: zeep, libxml2, and the facts of the service's own."""

from io import BytesIO

import pytest
import zeep
from lxml import etree

from orgbox.catalog import standard_catalog
from orgbox.catalog.load import parse_sobject
from orgbox.soap.description import description
from orgbox.soap.dialects import ENTERPRISE, PARTNER
from orgbox.soap.wsdl import wsdl
from schemas import compile_schemas, validate, validator

LOCATION = "https://example.invalid/services/Soap/?a=1&b=2"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOME_VERSIONS = [(dialect, version) for dialect in (ENTERPRISE, PARTNER) for version in (21, 31, 44, 58, 66)]


def written(dialect, version, catalog=None):
    return wsdl(dialect, version, (catalog or standard_catalog()).as_of(version), LOCATION)


def elements_of(document, type_name):
    """Name -> type of the elements of an SObject's type, in order."""
    found = etree.fromstring(document).find(f".//{XSD}complexType[@name='{type_name}']")
    return {e.get("name"): e.get("type") for e in found.iter(XSD + "element")}


@pytest.mark.parametrize(("dialect", "version"), SOME_VERSIONS)
def test_zeep_finds_every_call(dialect, version):
    client = zeep.Client(BytesIO(written(dialect, version)))

    ((service, port),) = ((s, p) for s in client.wsdl.services.values() for p in s.ports.values())
    calls = description().as_of(version, dialect.name).calls
    assert (service.name, port.name) == ("SforceService", "Soap")
    assert port.binding_options["address"] == LOCATION
    assert port.binding._operations.keys() == calls.keys()


@pytest.mark.parametrize(("dialect", "version"), SOME_VERSIONS)
def test_the_schemas_compile(dialect, version):
    assert validator(dialect, version, standard_catalog())


def test_partner_schemas_of_every_version_compile():
    for version in description().versions:
        compile_schemas(written(PARTNER, version))


def test_an_enterprise_record_lists_fields_and_relationships_by_name():
    elements = elements_of(written(ENTERPRISE, 33), "CollaborationInvitation")

    assert elements == {
        "CreatedBy": "ens:User",
        "CreatedById": "tns:ID",
        "CreatedDate": "xsd:dateTime",
        "InvitedUserEmail": "xsd:string",
        "InvitedUserEmailNormalized": "xsd:string",
        "InviterId": "tns:ID",
        "LastModifiedBy": "ens:User",
        "LastModifiedById": "tns:ID",
        "LastModifiedDate": "xsd:dateTime",
        "OptionalMessage": "xsd:string",
        "ParentId": "tns:ID",
        "SharedEntityId": "tns:ID",
        "Status": "xsd:string",
        "SystemModstamp": "xsd:dateTime",
    }
    assert list(elements) == sorted(elements)


def test_children_are_query_results():
    assert elements_of(written(ENTERPRISE, 60), "CollaborationGroup")["GroupMembers"] == ("tns:QueryResult")


def test_relationships_out_of_the_catalogue_are_left_out():
    group = elements_of(written(ENTERPRISE, 60), "CollaborationGroup")

    assert "AnnouncementId" in group
    assert "Announcement" not in group


@pytest.mark.parametrize(("version", "type_"), [(36, "ens:Name"), (37, "ens:sObject")])
def test_a_relationship_to_several_sobjects_has_been_any_record_since_37(version, type_):
    assert elements_of(written(ENTERPRISE, version), "EntitySubscription")["Parent"] == type_


def test_a_compound_field_is_there_once_its_type_is():
    place = parse_sobject(
        "Place__c",
        'label = "Place"\nlabel_plural = "Places"\ncalls = "query"\nfields.Where__c = { type = "location" }',
        {},
    )
    catalog = standard_catalog().extended([place])

    assert elements_of(written(ENTERPRISE, 29, catalog), "Place__c") == {}
    assert elements_of(written(ENTERPRISE, 30, catalog), "Place__c") == {"Where__c": "tns:location"}


def test_an_org_of_470_sobjects_is_written_whole():
    text = 'label = "X"\nlabel_plural = "X"\ncalls = "query"\n[fields]\n' + "".join(
        f'F{i}__c = {{ type = "reference", references = ["User"], relationship = "F{i}__r" }}\n'
        for i in range(40)
    )
    sobjects = [parse_sobject(f"X{i}__c", text, {}) for i in range(470)]
    catalog = standard_catalog().extended(sobjects).as_of(60)

    document = wsdl(ENTERPRISE, 60, catalog, LOCATION)

    assert document.count(b'<complexType name="X') == 470


# The judge of all answers, judged

ENVELOPE = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns="urn:{0}.soap.sforce.com" xmlns:sf="urn:sobject.{0}.soap.sforce.com"'
    ' xmlns:f="urn:fault.{0}.soap.sforce.com"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Header>{1}</soapenv:Header><soapenv:Body>{2}</soapenv:Body></soapenv:Envelope>"
)
LIMIT = (
    "<LimitInfoHeader><limitInfo><current>1</current><limit>5</limit><type>API REQUESTS</type>"
    "</limitInfo></LimitInfoHeader>"
)


def saved(id_="0H1000000000001AAA", errors="", tag="id"):
    return (
        f"<createResponse><result>{errors}<{tag}>{id_}</{tag}><success>true</success></result>"
        "</createResponse>"
    )


def found(*elements, record="sf:User", result=""):
    return (
        f"<queryResponse><result {result}><done>true</done><queryLocator xsi:nil='true'/>"
        f"<records xsi:type='{record}'>{''.join(elements)}</records><size>1</size></result>"
        "</queryResponse>"
    )


def fault(type_, code):
    return (
        "<soapenv:Fault xmlns=''><faultcode>f:INVALID_TYPE</faultcode>"
        "<faultstring>INVALID_TYPE: x</faultstring><detail>"
        f"<f:InvalidSObjectFault xsi:type='{type_}'><f:exceptionCode>{code}</f:exceptionCode>"
        "<f:exceptionMessage>x</f:exceptionMessage><f:row>-1</f:row><f:column>-1</f:column>"
        "</f:InvalidSObjectFault></detail></soapenv:Fault>"
    )


NO_ID = "<sf:Id xsi:nil='true'/>"
PROFILE = f"<sf:Profile xsi:type='sf:sObject'><sf:type>Profile</sf:type>{NO_ID}</sf:Profile>"
DETAILS = "<errors><extendedErrorDetails/><message/><statusCode>X</statusCode></errors>"
A_USER = ("<sf:type>User</sf:type>", NO_ID, "<sf:Name>A</sf:Name>", PROFILE)

GOOD = [
    (PARTNER, 60, LIMIT, saved()),
    (PARTNER, 60, "", fault("f:InvalidSObjectFault", "INVALID_TYPE")),
    (PARTNER, 60, LIMIT, found(*A_USER, record="sf:sObject", result="xsi:type='QueryResult'")),
    (ENTERPRISE, 60, LIMIT, found(NO_ID, "<sf:City>A</sf:City>")),
]
BAD = [
    (PARTNER, 28, LIMIT, saved(), "not bound"),
    (PARTNER, 60, LIMIT, "<loginResponse/>", "Missing child"),
    (PARTNER, 60, "", saved(tag="Id"), "not expected"),
    (PARTNER, 60, "", saved("0H1"), "length"),
    (PARTNER, 60, "", found(*A_USER, record="sf:User"), "not resolve"),
    (PARTNER, 60, "", fault("f:InvalidFieldFault", "INVALID_TYPE"), "xsi:type"),
    (PARTNER, 60, "", fault("f:InvalidSObjectFault", "OUT_OF_MILK"), "OUT_OF_MILK"),
    (ENTERPRISE, 60, "", found(NO_ID, "<sf:Nope/>"), "not expected"),
    (ENTERPRISE, 60, "", found(NO_ID, "<sf:City/>", "<sf:Alias/>"), "not expected"),
    (ENTERPRISE, 36, "", saved(errors=DETAILS), "not expected"),
]


@pytest.mark.parametrize(("dialect", "version", "header", "body"), GOOD)
def test_answers_in_the_form_of_the_wsdl_pass(dialect, version, header, body):
    answer = ENVELOPE.format(dialect.name, header, body).encode()

    validate(dialect, version, standard_catalog(), answer)


@pytest.mark.parametrize(("dialect", "version", "header", "body", "complaint"), BAD)
def test_answers_in_any_other_form_do_not(dialect, version, header, body, complaint):
    answer = ENVELOPE.format(dialect.name, header, body).encode()

    with pytest.raises(AssertionError, match=complaint):
        validate(dialect, version, standard_catalog(), answer)
