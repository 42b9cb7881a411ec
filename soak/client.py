"""A client that costs little: SOAP by string, one keep-alive connection, and the page behind a link.

It tells apart the three ends of a call: an answer, a fault, and none because the connection ended.
"""

import http.client
import re
import select
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

PATH = "/services/Soap/u/66.0"
PASSWORD = "orgbox1!"
_ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:o="urn:sobject.partner.soap.sforce.com"><e:Header><SessionHeader><sessionId>{}</sessionId>'
    "</SessionHeader>{}</e:Header><e:Body>{}</e:Body></e:Envelope>"
)
_TIMEOUT = 60.0


class Unanswered(Exception):
    """The connection ended before the answer: nobody knows what became of the call."""


class Refused(Exception):
    """A fault, or a page that says no; `code` is the fault's code or the HTTP status."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Caller:
    """Calls of one user. A session stays good when the service comes back under another address."""

    def __init__(self, session_id: str = "", user_id: str = "") -> None:
        self.session_id, self.user_id = session_id, user_id
        self._connection = http.client.HTTPConnection("127.0.0.1")

    def to(self, url: str) -> "Caller":
        """Talk to a service from now on."""
        self.close()
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT)
        return self

    def like(self, other: "Caller") -> "Caller":
        """Talk to the service another caller talks to."""
        self._connection = http.client.HTTPConnection(other._connection.host, other._connection.port)
        return self

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def login(self, username: str, password: str = PASSWORD) -> "Caller":
        """Sign in. Raises Unanswered and Refused, as every call."""
        body = f"<login><username>{username}</username><password>{password}</password></login>"
        answer = self.call(body)
        self.session_id, self.user_id = texts(answer, "sessionId")[0], texts(answer, "userId")[0]
        return self

    def call(self, body: str, header: str = "") -> str:
        """One SOAP call; returns the answer."""
        envelope = _ENVELOPE.format(self.session_id, header, body).encode()
        kinds = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": '""'}
        status, answer = self.http("POST", PATH, envelope, kinds)
        if status != 200:
            raise Refused((texts(answer, "faultcode") or [str(status)])[0], answer[-600:])
        return answer

    def create(self, sobject: str, rows: Sequence[dict[str, str]]) -> list[str | None]:
        """The Ids of the new records; None for one that was refused."""
        return _ids(self.call(creating(sobject, rows)))

    def codes(self, body: str) -> list[str]:
        """What became of each record of a saving call: "ok", or its StatusCode."""
        results = re.findall(r"<result>.*?</result>", self.call(body), re.DOTALL)
        return [(texts(one, "statusCode") or ["ok"])[0] for one in results]

    def delete(self, ids: Sequence[str]) -> list[str | None]:
        """The Ids of the records deleted; None for one that was refused."""
        return _ids(self.call(f"<delete>{''.join(f'<ids>{i}</ids>' for i in ids)}</delete>"))

    def query(self, soql: str, batch: int = 2000) -> "Batch":
        """The first batch."""
        header = f"<QueryOptions><batchSize>{batch}</batchSize></QueryOptions>"
        return Batch(self.call(f"<query><queryString>{soql}</queryString></query>", header))

    def more(self, locator: str) -> "Batch":
        """The next batch."""
        return Batch(self.call(f"<queryMore><queryLocator>{locator}</queryLocator></queryMore>"))

    def all(self, soql: str) -> list[list[str]]:
        """The fields of every record, batch after batch."""
        batch = self.query(soql)
        rows = batch.rows
        while batch.locator:
            batch = self.more(batch.locator)
            rows += batch.rows
        return rows

    def join(self, path: str, address: str) -> None:
        """Follow the link of an invitation and accept it."""
        status, page = self.http("GET", path)
        if status != 200:
            raise Refused(str(status), page[-300:])
        form = {
            "csrf_token": re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[0],
            "first_name": "Ada", "last_name": "Byron", "email": address,
            "password": "sesame123", "repeated": "sesame123",
        }  # fmt: skip
        kinds = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self._cookie}
        status, page = self.http("POST", path, urlencode(form).encode(), kinds)
        if status != 200:
            raise Refused(str(status), page[-300:])

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """One HTTP request. Raises Unanswered."""
        self._let_go_if_ended()
        try:
            self._connection.request(method, path, body, headers or {})
            response = self._connection.getresponse()
            self._cookie = (response.getheader("Set-Cookie") or "").partition(";")[0]
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unanswered(str(error)) from error

    def _let_go_if_ended(self) -> None:
        """Begin anew when the service has closed the connection as an idle one, as every client library does
        (urllib3's `wait_for_read` before it takes a connection from its pool).
        """
        sock = self._connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self._connection.close()


class Batch:
    """One batch of a query's result."""

    def __init__(self, answer: str) -> None:
        self.size = int(texts(answer, "size")[0])
        self.locator = (texts(answer, "queryLocator") or [""])[0]
        found = re.findall(r"<records.*?<sf:Id.*?(?:/>|</sf:Id>)(.*?)</records>", answer, re.DOTALL)
        self.rows = [re.findall(r"<sf:\w+[^>/]*>([^<]*)</sf:", one) for one in found]


def creating(sobject: str, rows: Sequence[dict[str, str]]) -> str:
    """The body of a create()."""
    records = "".join(
        f"<sObjects><o:type>{sobject}</o:type>"
        + "".join(f"<o:{name}>{value}</o:{name}>" for name, value in row.items()) + "</sObjects>"
        for row in rows
    )  # fmt: skip
    return f"<create>{records}</create>"


def texts(answer: str, name: str) -> list[str]:
    """The texts of the elements of a name."""
    return re.findall(rf"<{name}(?: [^>]*)?>([^<]*)</{name}>", answer)


def _ids(answer: str) -> list[str | None]:
    results = re.findall(r"<result>.*?</result>", answer, re.DOTALL)
    return [texts(one, "id")[0] if "<success>true</success>" in one else None for one in results]
