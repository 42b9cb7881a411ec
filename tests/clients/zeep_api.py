"""zeep as anyone would use it, made short: the session goes along, results come without their wrapper."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import zeep
from lxml import etree

PATHS = {"enterprise": "c", "partner": "u"}


@dataclass
class Api:
    """One user in one dialect and version. `api.query(queryString=...)` makes the call of that name.

    `header` is the SOAP header of the last answer, None where the WSDL binds none.
    """

    client: zeep.Client
    url: str
    dialect: str
    version: int
    headers: dict[str, Any] = field(default_factory=dict)
    header: Any = None
    signed_in: Any = None

    @property
    def namespace(self) -> str:
        return f"urn:sobject.{self.dialect}.soap.sforce.com"

    def login_as(self, username: str, password: str) -> Any:
        """Signs in; returns the LoginResult."""
        self.signed_in = self.login(username=username, password=password)
        self.headers = {"SessionHeader": {"sessionId": self.signed_in.sessionId}}
        return self.signed_in

    def __getattr__(self, call: str) -> Callable[..., Any]:
        path = f"{self.url}/services/Soap/{PATHS[self.dialect]}/{self.version}.0"
        address = self.signed_in.serverUrl if self.signed_in else path
        binding = f"{{urn:{self.dialect}.soap.sforce.com}}SoapBinding"
        operation = self.client.create_service(binding, address)[call]
        session = {} if call == "login" else self.headers

        def send(*arguments: Any, headers: dict[str, Any] | None = None, **named: Any) -> Any:
            answer = operation(*arguments, **named, _soapheaders={**session, **(headers or {})})
            self.header = getattr(answer, "header", None)
            return getattr(answer.body, "result", None) if hasattr(answer, "header") else answer

        return send

    def record(self, sobject: str, **values: object) -> Any:
        """A record to send."""
        if self.dialect == "enterprise":
            return self.client.get_type(f"{{{self.namespace}}}{sobject}")(**values)
        key = values.pop("Id", None)
        nulls = values.pop("fieldsToNull", None)
        fields = [self._element(name, str(value)) for name, value in values.items()]
        made = self.client.get_type(f"{{{self.namespace}}}sObject")
        return made(type=sobject, Id=key, fieldsToNull=nulls, _value_1=fields)

    def _element(self, name: str, text: str) -> etree._Element:
        element = etree.Element(f"{{{self.namespace}}}{name}")
        element.text = text
        return element

    def fields(self, record: Any) -> dict[str, Any]:
        """What zeep made of a record's fields: values in enterprise, texts by name in partner."""
        if self.dialect == "enterprise":
            named = {name: record[name] for name in record if name not in ("fieldsToNull", "Id", "_value_1")}
            return {name: value for name, value in named.items() if value is not None}
        texts = [e for e in record._value_1 or [] if isinstance(e, etree._Element)]
        return {etree.QName(e).localname: e.text for e in texts if e.text is not None}

    def nested(self, record: Any, name: str) -> Any:
        """A parent or child result; in partner the only one, since zeep keeps no names of those."""
        if self.dialect == "enterprise":
            return record[name]
        (found,) = (v for v in record._value_1 if not isinstance(v, etree._Element))
        return found

    def fault(self, fault: zeep.exceptions.Fault) -> Any:
        """The fault's detail as the type of the WSDL that it says it is."""
        return self.client.wsdl.types.deserialize(fault.detail[0])


def id_of(api: Api, sobject: str, where: str) -> Any:
    return api.query(queryString=f"SELECT Id FROM {sobject} WHERE {where}").records[0].Id


def follow(api: Api) -> str:
    """Follow another user, after no longer following anyone; returns the Id of the subscription."""
    mia = id_of(api, "User", "Username = 'mia@acme.com'")
    for old in api.query(queryString="SELECT Id FROM EntitySubscription LIMIT 100").records:
        api.delete(ids=[old.Id])
    made = api.record("EntitySubscription", ParentId=mia, SubscriberId=api.signed_in.userId)
    [saved] = api.create(sObjects=[made])
    assert saved.success, saved
    return str(saved.id)
