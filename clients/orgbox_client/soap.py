"""The calls, through zeep and the WSDL of the service."""

from functools import lru_cache
from typing import Any, Literal

import requests
from lxml import etree
from zeep import Client, Transport
from zeep.exceptions import Fault
from zeep.loader import parse_xml
from zeep.wsdl import Document

from orgbox_client.errors import ApiFault
from orgbox_client.values import encode

Dialect = Literal["enterprise", "partner"]

_PATHS = {"enterprise": "c", "partner": "u"}
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


@lru_cache(maxsize=32)
def load_wsdl(url: str, version: str, dialect: Dialect) -> Document:
    """The WSDL of a service, kept for the life of the process; `load_wsdl.cache_clear()` forgets it."""
    with requests.Session() as http:
        return Document(endpoint_of(url, version, dialect) + "?wsdl", Transport(session=http))


def endpoint_of(url: str, version: str, dialect: Dialect) -> str:
    """Where the calls of a version and dialect go before login() tells the address to use."""
    return f"{url.rstrip('/')}/services/Soap/{_PATHS[dialect]}/{version}"


class Soap:
    """One client of the API. `headers` go with every call once login() has filled them."""

    def __init__(self, url: str, version: str, dialect: Dialect, timeout: float) -> None:
        self.dialect = dialect
        self.namespace = f"urn:sobject.{dialect}.soap.sforce.com"
        self.headers: dict[str, Any] = {}
        self._http = requests.Session()
        transport = Transport(session=self._http, timeout=timeout, operation_timeout=timeout)
        self._client = Client(load_wsdl(url, version, dialect), transport=transport)
        self._binding = f"{{urn:{dialect}.soap.sforce.com}}SoapBinding"
        self.move(endpoint_of(url, version, dialect))

    def move(self, address: str) -> None:
        """Send the calls to another address, as LoginResult.serverUrl asks."""
        self._service = self._client.create_service(self._binding, address)

    def close(self) -> None:
        """Close the HTTP connections."""
        self._http.close()

    def call(self, name: str, headers: dict[str, Any] | None = None, **arguments: Any) -> Any:
        """Make a call; returns its result as zeep reads it. Raises ApiFault."""
        answer = self._send(name, headers, arguments)
        if not hasattr(answer, "header"):
            return answer
        return getattr(answer.body, "result", None)

    def read(
        self, name: str, headers: dict[str, Any] | None = None, **arguments: Any
    ) -> list[etree._Element]:
        """Make a call; returns its result elements. Raises ApiFault."""
        with self._client.settings(raw_response=True):
            response = self._send(name, headers, arguments)
        if response.status_code != 200:
            self._refuse(name, response)
        envelope = parse_xml(response.content, self._client.transport, settings=self._client.settings)
        return list(envelope.find(_BODY)[0])

    def _send(self, name: str, headers: dict[str, Any] | None, arguments: dict[str, Any]) -> Any:
        known = {**self.headers, **(headers or {})}
        try:
            return self._service[name](**arguments, _soapheaders=known)
        except Fault as fault:
            raise ApiFault.of(fault) from None

    def _refuse(self, name: str, response: requests.Response) -> None:
        """Let zeep read a fault, or what else the server has to say."""
        binding = self._client.wsdl.bindings[self._binding]
        try:
            binding.process_reply(self._client, binding.get(name), response)
        except Fault as fault:
            raise ApiFault.of(fault) from None

    def record(self, sobject: str, values: dict[str, Any]) -> Any:
        """A record as zeep sends it in this dialect; None or "" among the values asks for null."""
        nulls = [name for name, value in values.items() if value in (None, "")]
        given = {name: encode(value) for name, value in values.items() if name not in nulls}
        if self.dialect == "enterprise":
            return self._type(sobject)(fieldsToNull=nulls, **given)
        key = given.pop("Id", None)
        fields = [self._element(name, text) for name, text in given.items()]
        return self._type("sObject")(type=sobject, fieldsToNull=nulls, Id=key, _value_1=fields)

    def _type(self, name: str) -> Any:
        return self._client.get_type(f"{{{self.namespace}}}{name}")

    def _element(self, name: str, text: str) -> etree._Element:
        element = etree.Element(f"{{{self.namespace}}}{name}")
        element.text = text
        return element
