"""Whatever is sent, the answer is a fault in its place: no traceback, no success, nothing half-written."""

import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
from lxml import etree
from sqlalchemy import func, select

from orgbox.errors import ProtocolFault
from orgbox.soap.envelope import parse
from service import Answer, Client, Service, start_service

MESSAGE_BYTES = 2 * 1024 * 1024
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
TNS = "urn:partner.soap.sforce.com"
CALL = f'<getServerTimestamp xmlns="{TNS}"/>'
BAD_XML = "sf:UNKNOWN_EXCEPTION"


class Scene:
    """A service, alice at work, and the number of rows in every table."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.alice = service.client("alice@acme.com")

    def rows(self) -> dict[str, int]:
        org = self.service.app.orgs.all()[0]
        tables = org.store.schema.tables()
        with org.store.database.read() as connection:
            return {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in tables.items()
                if name != "orgbox_session"
            }


@pytest.fixture(scope="module")
def module_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    started = start_service(tmp_path_factory.mktemp("bad"), message_bytes=MESSAGE_BYTES)
    yield Scene(started)
    started.stop()


@pytest.fixture
def scene(module_scene: Scene) -> Iterator[Scene]:
    """The scene; whatever a test sends, it leaves no row and breaks no schema."""
    before = module_scene.rows()
    module_scene.service.judge.wrong.clear()
    yield module_scene
    assert module_scene.rows() == before
    assert not module_scene.service.judge.wrong, "\n\n".join(module_scene.service.judge.wrong)


def check_fault(answer: Answer, code: str, seconds: float) -> None:
    text = answer.body.decode()
    assert answer.status == 500, text[:500]
    assert answer.headers["Content-Type"] == "text/xml;charset=utf-8"
    assert answer.text("faultcode") == code, text
    assert answer.text("faultstring")
    assert "Traceback" not in text and ".py" not in text and "lxml" not in text
    assert "ErrorId" not in text, "an error nobody foresaw"
    assert seconds < 5


def envelope(body: str, header: str = "", soap: str = SOAP11) -> str:
    return f'<e:Envelope xmlns:e="{soap}"><e:Header>{header}</e:Header><e:Body>{body}</e:Body></e:Envelope>'


def bomb(levels: int) -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>' + envelope(f"<a>&e{levels - 1};</a>")


def many(attribute: str, count: int) -> str:
    return " ".join(attribute.format(n) for n in range(count))


ENVELOPES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", BAD_XML),
    "blanks": ("   \n", BAD_XML),
    "plain text": ("hello", BAD_XML),
    "an element that does not end": (envelope(CALL)[:-9], BAD_XML),
    "two roots": (envelope(CALL) * 2, BAD_XML),
    "tags that cross": (envelope("<a><b></a></b>"), BAD_XML),
    "an attribute twice": (envelope("<a b='1' b='2'/>"), BAD_XML),
    "a prefix nobody declared": (envelope("<x:a/>"), BAD_XML),
    "an entity nobody declared": (envelope("<a>&nothing;</a>"), BAD_XML),
    "an ampersand": (envelope("<a>Tom & Cl</a>"), BAD_XML),
    "something else": ("<html/>", "soapenv:Client"),
    "JSON": ('{"login": 1}', BAD_XML),
    "an envelope of no namespace": ("<Envelope><Body/></Envelope>", "soapenv:VersionMismatch"),
    "SOAP 1.2": (envelope(CALL, soap=SOAP12), "soapenv:VersionMismatch"),
    "no body": (f'<e:Envelope xmlns:e="{SOAP11}"/>', "soapenv:Client"),
    "an empty body": (envelope(""), "soapenv:Client"),
    "text as body": (envelope("hello"), "soapenv:Client"),
    "two bodies": (
        envelope(CALL).replace("</e:Envelope>", f"<e:Body>{CALL}</e:Body></e:Envelope>"), "soapenv:Client"),
    "two calls": (envelope(CALL + CALL), "soapenv:Client"),
    "a fault": (envelope("<e:Fault/>"), "soapenv:Client"),
    "an unknown call": (envelope(f'<fetch xmlns="{TNS}"/>'), "soapenv:Client"),
    "a call of a foreign namespace": (envelope('<query xmlns="urn:foreign"/>'), "soapenv:Client"),
    "the other dialect": (envelope('<query xmlns="urn:enterprise.soap.sforce.com"/>'), "soapenv:Client"),
    "a header that must be understood": (
        envelope(CALL, f'<x:Route xmlns:x="urn:x" e:mustUnderstand="1" xmlns:e="{SOAP11}"/>'),
        "soapenv:MustUnderstand",
    ),
    "a document type": ("<!DOCTYPE a>" + envelope(CALL), BAD_XML),
    "an external document type": ('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">' + envelope(CALL), BAD_XML),
    "a file as entity": (
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]>' + envelope("<a>&f;</a>"), BAD_XML),
    "an external parameter entity": (
        '<!DOCTYPE a [<!ENTITY % f SYSTEM "http://127.0.0.1:1/a"> %f;]>' + envelope(CALL), BAD_XML),
    "a billion laughs": (bomb(10), BAD_XML),
    "an entity of 100,000 characters 10,000 times": (
        f'<!DOCTYPE a [<!ENTITY f "{"x" * 100_000}">]>' + envelope(f"<a>{'&f;' * 10_000}</a>"), BAD_XML),
    "a NUL": (envelope("<a>\0</a>"), BAD_XML),
    "a NUL by number": (envelope("<a>&#0;</a>"), BAD_XML),
    "a control character": (envelope("<a>\x01</a>"), BAD_XML),
    "half a surrogate pair by number": (envelope("<a>&#xD800;</a>"), BAD_XML),
    "a surrogate pair by number": (envelope("<a>&#xD83D;&#xDE00;</a>"), BAD_XML),
    "no character by number": (envelope("<a>&#xFFFF;</a>"), BAD_XML),
    "a number beyond Unicode": (envelope("<a>&#x110000;</a>"), BAD_XML),
    "half a surrogate pair in UTF-8": (envelope("<a>X</a>").encode().replace(b"X", b"\xed\xa0\x80"), BAD_XML),
    "what is no UTF-8": (envelope("<a>X</a>").encode().replace(b"X", b"\xff\xfe\xc3"), BAD_XML),
    "UTF-7": (f'<?xml version="1.0" encoding="UTF-7"?>{envelope(CALL)}'.encode("utf-7"), BAD_XML),
    "an encoding nobody knows": (f'<?xml version="1.0" encoding="no-such"?>{envelope(CALL)}', BAD_XML),
    "EBCDIC": (f'<?xml version="1.0" encoding="IBM037"?>{envelope(CALL)}'.encode("cp037"), BAD_XML),
    "UTF-16 that is UTF-8": (f'<?xml version="1.0" encoding="UTF-16"?>{envelope(CALL)}', BAD_XML),
    "half of UTF-16": (envelope(CALL).encode("utf-16")[:-3], BAD_XML),
    "XML 1.1": (f'<?xml version="1.1"?>{envelope("<a>&#1;</a>")}', BAD_XML),
    "100,000 attributes": (envelope("<a " + many("a{}=''", 100_000) + "/>"), "soapenv:Client"),
    "20,000 levels": (envelope("<a>" * 20_000 + "</a>" * 20_000), BAD_XML),
    "200,000 elements": (envelope(f"<a>{'<b/>' * 200_000}</a>"), "soapenv:Client"),
    "a name of 100,000 characters": (envelope(f"<{'a' * 100_000}/>"), BAD_XML),
    "50,000 namespaces": (
        envelope("<a " + many("xmlns:n{}='u'", 50_000) + "/>"), "soapenv:Client"),
    "20,000 headers": (envelope(CALL, "".join(f"<h{n}/>" for n in range(20_000))), "sf:INVALID_SESSION_ID"),
    "a header twice": (envelope(CALL, "<SessionHeader/><h/><SessionHeader/>"), "soapenv:Client"),
    "an argument twice": (
        envelope(f'<login xmlns="{TNS}"><username>a</username><username>b</username></login>'),
        "soapenv:Client",
    ),
    "two headers": (envelope(CALL).replace("<e:Body>", "<e:Header/><e:Body>"), "soapenv:Client"),
    "a header after the body": (
        envelope(CALL).replace("</e:Envelope>", "<e:Header/></e:Envelope>"), "soapenv:Client"),
    "an envelope within the body": (envelope(envelope(CALL)), "soapenv:Client"),
    "an entity in an attribute": (
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/hostname">]>' + envelope("<a b='&f;'/>"), BAD_XML),
    "entities that go round": (
        '<!DOCTYPE a [<!ENTITY f "&g;"><!ENTITY g "&f;">]>' + envelope("<a>&f;</a>"), BAD_XML),
    "an attribute of the document type": (
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]>" + envelope("<a/>"), BAD_XML),
    "400,000 entities": (
        '<!DOCTYPE a [<!ENTITY f "g">]>' + envelope(f"<a>{'&f;' * 400_000}</a>"), BAD_XML),
    "a file by XInclude": (
        envelope(f'<query xmlns="{TNS}"><queryString><i:include xmlns:i="http://www.w3.org/2001/XInclude" '
                 'href="file:///etc/hostname" parse="text"/></queryString></query>'), "soapenv:Client"),
    "a schema from elsewhere": (
        envelope('<a xmlns:s="http://www.w3.org/2001/XMLSchema-instance" '
                 's:schemaLocation="urn:a http://127.0.0.1:1/a.xsd"/>'), "soapenv:Client"),
    "a style sheet from elsewhere": (
        '<?xml-stylesheet href="http://127.0.0.1:1/a.xsl" type="text/xsl"?>' + envelope("<a/>"),
        "soapenv:Client",
    ),
    "an array of a billion": (
        envelope(f'<delete xmlns="{TNS}" xmlns:c="http://schemas.xmlsoap.org/soap/encoding/" '
                 'c:arrayType="xsd:string[1000000000]"><ids/></delete>'), "sf:INVALID_SESSION_ID"),
    "where to send the answer": (
        envelope(CALL, '<w:ReplyTo xmlns:w="http://www.w3.org/2005/08/addressing">'
                       "<w:Address>http://127.0.0.1:1/</w:Address></w:ReplyTo>"), "sf:INVALID_SESSION_ID"),
    "1,500 levels": (envelope("<a>" * 1_500 + "</a>" * 1_500), BAD_XML),
    "1,500 levels in a header": (envelope(CALL, "<a>" * 1_500 + "</a>" * 1_500), BAD_XML),
    "100,000 elements that do not end": (envelope(CALL)[:-30] + "<a>" * 100_000, BAD_XML),
    "25,000 elements": (envelope("<a/>" * 25_000), "soapenv:Client"),
    "25,000 elements in a header": (envelope(CALL, f"<a>{'<b/>' * 25_000}</a>"), "sf:INVALID_SESSION_ID"),
    "25,000 attributes": (envelope("<a " + many("a{}=''", 25_000) + "/>"), "soapenv:Client"),
    "201 attributes of a header": (envelope(CALL, "<a " + many("a{}=''", 201) + "/>"), "soapenv:Client"),
    "an attribute's value of 100,000 characters": (envelope(f"<a b='{'x' * 100_000}'/>"), "soapenv:Client"),
    "an attribute's value of 11,000,000 characters": (
        envelope(f"<a b='{'x' * 11_000_000}'/>"), "sf:EXCEEDED_MAX_SIZE_REQUEST"),
    "a text of a million characters": (envelope(f"<a>{'x' * 1_000_000}</a>"), "soapenv:Client"),
    "a prefix of 100,000 characters": (envelope(f"<{'p' * 100_000}:a xmlns:{'p' * 100_000}='u'/>"), BAD_XML),
    "a namespace of 100,000 characters": (envelope(f"<a xmlns='{'u' * 100_000}'/>"), "soapenv:Client"),
    "a comment of a million characters": (
        envelope(f"<a/><!--{'x' * 1_000_000}-->"), "soapenv:Client"),
    "100,000 comments": (envelope("<a>" + "<!--x-->" * 100_000 + "</a>"), "soapenv:Client"),
    "UTF-32": (f'<?xml version="1.0" encoding="UTF-32"?>{envelope(CALL)}'.encode("utf-32"), BAD_XML),
    "a codec of Python": (f'<?xml version="1.0" encoding="rot13"?>{envelope(CALL)}', BAD_XML),
    "Shift JIS": (f'<?xml version="1.0" encoding="Shift_JIS"?>{envelope(CALL)}', BAD_XML),
    "UTF-7 without saying so": (envelope(CALL).replace("<", "+ADw-"), BAD_XML),
    "two byte order marks": (b"\xef\xbb\xbf" * 2 + envelope(CALL).encode(), BAD_XML),
    "UTF-8 longer than it need be": (envelope("<a>X</a>").encode().replace(b"X", b"\xc0\xaf"), BAD_XML),
    "a name with a colon too many": (envelope("<a:b:c xmlns:a='u'/>"), BAD_XML),
    "the xml prefix taken": (envelope("<a xmlns:xml='urn:x'/>"), BAD_XML),
}  # fmt: skip


@pytest.mark.parametrize("name", ENVELOPES)
def test_what_is_no_message_is_told_so(scene: Scene, name: str) -> None:
    body, code = ENVELOPES[name]
    start = time.perf_counter()
    answer = scene.alice.post(body)

    check_fault(answer, code, time.perf_counter() - start)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_a_message_in_another_encoding_is_understood(scene: Scene, encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8"}.get(encoding, encoding.upper())
    query = "SELECT Id FROM User WHERE Name = 'Müller'"
    body = scene.alice.envelope(f"<query><queryString>{query}</queryString></query>")
    answer = scene.alice.post(body.replace("UTF-8", declared).encode(encoding))

    assert answer.status == 200 and answer.text("size") == "0"


GOOD = (
    "<sObjects><o:type>CollaborationGroup</o:type><o:Name>Half</o:Name>"
    "<o:CollaborationType>Public</o:CollaborationType></sObjects>"
)


def with_bad(fields: str) -> str:
    """A good record, and one that has these fields besides."""
    return GOOD + GOOD.replace("</sObjects>", f"{fields}</sObjects>")


HALF_WRONG = {
    "an unknown type": (GOOD + "<sObjects><o:type>Nothing</o:type></sObjects>", "sf:INVALID_TYPE"),
    "an unknown field": (with_bad("<o:Shoe>9</o:Shoe>"), "sf:INVALID_FIELD"),
    "a field twice": (with_bad("<o:Name>Again</o:Name>"), "sf:INVALID_FIELD"),
    "no boolean": (with_bad("<o:CanHaveGuests>oui</o:CanHaveGuests>"), "soapenv:Client"),
    "no number": (with_bad("<o:MemberCount>many</o:MemberCount>"), "soapenv:Client"),
    "a number out of range": (with_bad("<o:MemberCount>99999999999</o:MemberCount>"), "soapenv:Client"),
    "no moment": (with_bad("<o:CreatedDate>2024-02-30T00:00:00Z</o:CreatedDate>"), "soapenv:Client"),
    "no Id": (with_bad("<o:Id><o:Id/></o:Id>"), "soapenv:Client"),
    "elements in a field": (with_bad("<o:Description><b>bold</b></o:Description>"), "soapenv:Client"),
    "no type": (GOOD + "<sObjects><o:Name>Half</o:Name></sObjects>", "sf:INVALID_TYPE"),
    "201 records": (GOOD * 201, "sf:EXCEEDED_ID_LIMIT"),
    "12 chunks": ((GOOD + "<sObjects><o:type>UserRole</o:type></sObjects>") * 6, "sf:LIMIT_EXCEEDED"),
    "an unknown element": (GOOD + "<more/>", "soapenv:Client"),
}  # fmt: skip


@pytest.mark.parametrize("name", HALF_WRONG)
def test_a_call_that_is_half_wrong_does_nothing(scene: Scene, name: str) -> None:
    records, code = HALF_WRONG[name]
    start = time.perf_counter()
    answer = scene.alice.call(f"<create>{records}</create>")

    check_fault(answer, code, time.perf_counter() - start)


WRONG_IDS = [
    "", "0F9", "x" * 18, "x" * 5000, "00500000000000", "005000000000001AAB", "é" * 18, "' OR 1=1 --------",
]  # fmt: skip


@pytest.mark.parametrize("id_", WRONG_IDS)
@pytest.mark.parametrize("call", ["delete", "undelete", "emptyRecycleBin"])
def test_what_is_no_id_is_an_error_of_its_result(scene: Scene, call: str, id_: str) -> None:
    answer = scene.alice.call(f"<{call}><ids>{id_}</ids></{call}>")

    assert answer.status == 200
    assert answer.texts("success") == ["false"]
    assert answer.text("statusCode") == "MALFORMED_ID"


@pytest.mark.parametrize("id_", WRONG_IDS)
def test_retrieve_refuses_what_is_no_id(scene: Scene, id_: str) -> None:
    arguments = f"<fieldList>Id</fieldList><sObjectType>User</sObjectType><ids>{id_}</ids>"

    check_fault(scene.alice.call(f"<retrieve>{arguments}</retrieve>"), "sf:MALFORMED_ID", 0)


@dataclass(frozen=True)
class Post:
    """A POST: body, headers, path below /services/Soap/."""

    body: bytes
    headers: dict[str, str]
    path: str = "u/66.0"

    def send(self, client: Client) -> tuple[Answer, float]:
        start = time.perf_counter()
        answer = client.post(self.body, self.headers, f"{client.url}/services/Soap/{self.path}")
        return answer, time.perf_counter() - start


PLAIN = envelope(CALL).encode()
ZIPPED = gzip.compress(PLAIN)
GZIP = {"Content-Encoding": "gzip"}
BODIES = {
    "more than the limit": (Post(b" " * (MESSAGE_BYTES + 1), {}), "sf:EXCEEDED_MAX_SIZE_REQUEST"),
    "gzip that inflates beyond the limit": (
        Post(gzip.compress(b" " * (50 * MESSAGE_BYTES)), GZIP), "sf:EXCEEDED_MAX_SIZE_REQUEST"),
    "gzip of many elements and their ends": (
        Post(gzip.compress(envelope("<a>" * 250 + "<b/>" * 510_000 + "</a>" * 250).encode()), GZIP),
        "soapenv:Client",
    ),
    "gzip of a hundred thousand attributes": (
        Post(gzip.compress(envelope(("<a " + many("b{}=''", 199) + "/>") * 900).encode()), GZIP),
        "soapenv:Client",
    ),
    "gzip of many members": (Post(ZIPPED * 40, GZIP), "soapenv:Client"),
    "gzip cut short": (Post(ZIPPED[:-9], GZIP), "soapenv:Client"),
    "gzip without its end": (Post(ZIPPED[:-4], GZIP), "soapenv:Client"),
    "gzip with a wrong sum": (Post(ZIPPED[:-8] + b"\0\0\0\0" + ZIPPED[-4:], GZIP), "soapenv:Client"),
    "gzip with more behind it": (Post(ZIPPED + b"more", GZIP), "soapenv:Client"),
    "gzip that is none": (Post(PLAIN, GZIP), "soapenv:Client"),
    "gzip of nothing": (Post(b"", GZIP), "soapenv:Client"),
    "gzip in gzip": (Post(gzip.compress(ZIPPED), GZIP), BAD_XML),
    "gzip unannounced": (Post(ZIPPED, {}), BAD_XML),
    "deflate": (Post(zlib.compress(PLAIN), {"Content-Encoding": "deflate"}), "soapenv:Client"),
    "brotli": (Post(PLAIN, {"Content-Encoding": "br"}), "soapenv:Client"),
    "a version to come": (Post(PLAIN, {}, "u/99.0"), "sf:UNSUPPORTED_API_VERSION"),
    "version 0": (Post(PLAIN, {}, "u/0.0"), "sf:UNSUPPORTED_API_VERSION"),
    "half a version": (Post(PLAIN, {}, "u/60.5"), "sf:UNSUPPORTED_API_VERSION"),
    "a negative version": (Post(PLAIN, {}, "u/-1.0"), "sf:UNSUPPORTED_API_VERSION"),
    "a word for a version": (Post(PLAIN, {}, "u/latest"), "sf:UNSUPPORTED_API_VERSION"),
    "a version of 400 digits": (Post(PLAIN, {}, f"u/{'9' * 400}"), "sf:UNSUPPORTED_API_VERSION"),
    "no version": (Post(PLAIN, {}, "u"), "sf:UNSUPPORTED_API_VERSION"),
    "more path": (Post(PLAIN, {}, "u/66.0/a/b/../c"), "sf:INVALID_SESSION_ID"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_and_paths_that_cannot_be_are_faults(scene: Scene, name: str) -> None:
    post, code = BODIES[name]
    answer, seconds = post.send(scene.alice)

    check_fault(answer, code, seconds)


SESSIONS = {
    "no session": "",
    "a word": "session",
    "another org's": "00D000000000099!abcdefgh",
    "an org of no Id": "00D!abc",
    "the org alone": "{org}",
    "nobody's": "{org}!",
    "one too long": "{org}!" + "x" * 100_000,
    "one with SQL": "{org}!' OR '1'='1",
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
def test_what_is_no_session_is_refused(scene: Scene, name: str) -> None:
    sent = SESSIONS[name].replace("{org}", scene.alice.session_id[:15])
    header = f'<SessionHeader xmlns="{TNS}"><sessionId>{sent}</sessionId></SessionHeader>'
    answer = scene.alice.post(envelope(CALL, header))

    check_fault(answer, "sf:INVALID_SESSION_ID", 0)


def test_a_session_is_refused_at_the_path_of_another_org(scene: Scene) -> None:
    body = scene.alice.envelope("<getServerTimestamp/>")
    answer = scene.alice.post(body, url=f"{scene.alice.endpoint}/00D000000000099")

    check_fault(answer, "sf:INVALID_SESSION_ID", 0)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_only_post_is_allowed(scene: Scene, method: str) -> None:
    answer = requests.request(method, scene.alice.endpoint, data=PLAIN, timeout=10)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert method == "HEAD" or "Only POST allowed" in answer.text


@pytest.mark.parametrize("query", ["?wsdl", ""])
def test_head_gets_the_head_alone_so_that_the_next_answer_is_found(scene: Scene, query: str) -> None:
    with requests.Session() as http:
        told = http.head(f"{scene.alice.endpoint}{query}", timeout=10)
        got = http.get(f"{scene.alice.endpoint}{query}", timeout=10)

    assert told.status_code == got.status_code
    assert told.headers["Content-Length"] == got.headers["Content-Length"]


OTHER_TYPES = ["application/json", "text/plain", "multipart/related", "image/png", "xml", ";"]


@pytest.mark.parametrize("type_", OTHER_TYPES)
def test_only_xml_is_taken(scene: Scene, type_: str) -> None:
    answer = scene.alice.post(scene.alice.envelope("<getServerTimestamp/>"), {"Content-Type": type_})

    assert answer.status == 415
    assert answer.body == b"Unsupported Media Type"


def test_a_missing_soap_action_is_refused_where_the_service_is_set_so(
    make_service: Callable[..., Service],
) -> None:
    client = make_service(strict_soap_action=True).client("alice@acme.com")
    body = client.envelope("<getServerTimestamp/>")
    answer = requests.post(client.endpoint, data=body, headers={"Content-Type": "text/xml"}, timeout=10)

    assert answer.status_code == 500
    assert "<faultstring>SOAPAction HTTP header missing</faultstring>" in answer.text


def test_markup_that_would_fill_memory_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parsed(*_: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(etree, "fromstring", parsed)
    for body in (envelope("<a/>" * 700_000), envelope("<a " + "b='' " * 700_000 + "/>")):
        for encoding in ("utf-8", "utf-16"):
            with pytest.raises(ProtocolFault, match="too many elements"):
                parse(body.encode(encoding))
