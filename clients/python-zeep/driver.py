"""zeep, strict, on the WSDL the service hands out; either dialect."""

import sys
from typing import Any

import zeep
from lxml import etree

from matrix_steps import COLLEAGUES, FIELDS, ONE_MORE, OUTSIDER, PASSWORD, SOBJECT, SOQL, USER, run, same

URL, DIALECT = sys.argv[1:3]
PATH = f"{URL}/services/Soap/{'c' if DIALECT == 'enterprise' else 'u'}/66.0"
RECORDS = f"{{urn:sobject.{DIALECT}.soap.sforce.com}}"
BATCHES = {"QueryOptions": {"batchSize": 200}}


class Driver:
    def __init__(self) -> None:
        self.client = zeep.Client(PATH + "?wsdl", settings=zeep.Settings(strict=True))
        self.session: dict[str, Any] = {}
        self.service = self._service(PATH)
        self.batch: Any = None

    def _service(self, address: str) -> Any:
        return self.client.create_service(f"{{urn:{DIALECT}.soap.sforce.com}}SoapBinding", address)

    def _call(self, name: str, headers: dict[str, Any] | None = None, **arguments: Any) -> Any:
        headers = self.session | (headers or {})
        return getattr(self.service, name)(**arguments, _soapheaders=headers).body.result

    def _invitation(self, address: str) -> Any:
        values = {"SharedEntityId": self.user_id, "InvitedUserEmail": address}
        if DIALECT == "enterprise":
            return self.client.get_type(RECORDS + SOBJECT)(**values)
        elements = [etree.Element(RECORDS + name) for name in values]
        for element, text in zip(elements, values.values(), strict=True):
            element.text = text
        return self.client.get_type(RECORDS + "sObject")(type=SOBJECT, _value_1=elements)

    def _value(self, record: Any, field: str) -> str:
        if DIALECT == "enterprise":
            return str(record[field])
        return next(e.text for e in record._value_1 if etree.QName(e).localname == field)

    def login(self) -> str:
        result = self.service.login(username=USER, password=PASSWORD)
        self.session = {"SessionHeader": {"sessionId": result.sessionId}}
        self.service, self.user_id = self._service(result.serverUrl), result.userId
        return same(USER, result.userInfo.userName)

    def _create(self, *addresses: str) -> Any:
        return self._call("create", sObjects=[self._invitation(address) for address in addresses])

    def invite(self) -> str:
        saved = self._create(*COLLEAGUES)
        same([True] * 200, [result.success for result in saved])
        return f"{len(saved)} colleagues"

    def refused(self) -> str:
        refused, saved = self._create(OUTSIDER, ONE_MORE)
        same((False, True), (refused.success, saved.success))
        [error] = refused.errors
        same(["InvitedUserEmail"], error.fields)
        return same("FIELD_INTEGRITY_EXCEPTION", error.statusCode)

    def query(self) -> str:
        self.batch = self._call("query", BATCHES, queryString=SOQL)
        same((False, 201), (self.batch.done, self.batch.size))
        same(COLLEAGUES, [self._value(record, "InvitedUserEmail") for record in self.batch.records])
        return f"{len(self.batch.records)} of {self.batch.size}"

    def queryMore(self) -> str:
        rest = self._call("queryMore", BATCHES, queryLocator=self.batch.queryLocator)
        same(True, rest.done)
        return same([ONE_MORE], [self._value(record, "InvitedUserEmail") for record in rest.records])

    def retrieve(self) -> str:
        ids = [self.batch.records[0].Id]
        [record] = self._call("retrieve", fieldList=FIELDS, sObjectType=SOBJECT, ids=ids)
        same(COLLEAGUES[0], self._value(record, "InvitedUserEmail"))
        return same("Sent", self._value(record, "Status"))

    def describe(self) -> str:
        described = self._call("describeSObject", sObjectType=SOBJECT)
        same((True, False), (described.createable, described.updateable))
        return same("0H1", described.keyPrefix)

    def delete(self) -> str:
        [deleted] = self._call("delete", ids=[self.batch.records[0].Id])
        same(True, deleted.success)
        return same(self.batch.records[0].Id, deleted.id)

    def logout(self) -> str:
        self.service.logout(_soapheaders=self.session)
        return "signed out"

    def expired(self) -> str:
        try:
            self._call("getUserInfo")
        except zeep.exceptions.Fault as fault:
            detail = self.client.wsdl.types.deserialize(fault.detail[0])
            same("INVALID_SESSION_ID", detail.exceptionCode)
            return f"{same('sf:INVALID_SESSION_ID', fault.code)} as {type(detail).__name__}"
        raise AssertionError("the session still works")


run(DIALECT, f"zeep {zeep.__version__}", Driver())
