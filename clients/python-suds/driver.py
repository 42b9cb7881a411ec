"""suds-community on the WSDL the service hands out; either dialect.

In the enterprise dialect factory.create() of a record follows every relationship of every SObject, for
minutes; so its records are made empty, of the WSDL's type. Fields of partner records come as lists, as they
may repeat: Id does.
"""

import sys
from typing import Any

from suds import WebFault
from suds import __version__ as version
from suds.client import Client
from suds.sudsobject import Factory

from matrix_steps import COLLEAGUES, FIELDS, ONE_MORE, OUTSIDER, PASSWORD, SOBJECT, SOQL, USER, run, same

URL, DIALECT = sys.argv[1:3]
PATH = f"{URL}/services/Soap/{'c' if DIALECT == 'enterprise' else 'u'}/66.0"
RECORDS = f"urn:sobject.{DIALECT}.soap.sforce.com"


class Driver:
    def __init__(self) -> None:
        self.client = Client(PATH + "?wsdl", cache=None)
        self.call = self.client.service

    def login(self) -> str:
        result = self.call.login(USER, PASSWORD)
        self.session = self.client.factory.create("SessionHeader")
        self.session.sessionId = result.sessionId
        self.client.set_options(location=result.serverUrl, soapheaders={"SessionHeader": self.session})
        self.user_id = result.userId
        return same(USER, result.userInfo.userName)

    def _record(self) -> Any:
        if DIALECT == "enterprise":
            made = Factory.object(SOBJECT)
            made.__metadata__.sxtype = self.client.wsdl.schema.types[SOBJECT, RECORDS]
        else:
            made = self.client.factory.create(f"{{{RECORDS}}}sObject")
            made.type = SOBJECT
        return made

    def _value(self, record: Any, field: str) -> str:
        return record[field] if DIALECT == "enterprise" else record[field][0]

    def _invitation(self, address: str) -> Any:
        made = self._record()
        made.SharedEntityId = self.user_id
        made.InvitedUserEmail = address
        return made

    def invite(self) -> str:
        saved = self.call.create([self._invitation(address) for address in COLLEAGUES])
        same([True] * 200, [result.success for result in saved])
        return f"{len(saved)} colleagues"

    def refused(self) -> str:
        refused, saved = self.call.create([self._invitation(OUTSIDER), self._invitation(ONE_MORE)])
        same((False, True), (refused.success, saved.success))
        [error] = refused.errors
        same(["InvitedUserEmail"], error.fields)
        return same("FIELD_INTEGRITY_EXCEPTION", error.statusCode)

    def query(self) -> str:
        options = self.client.factory.create("QueryOptions")
        options.batchSize = 200
        self.client.set_options(soapheaders={"SessionHeader": self.session, "QueryOptions": options})
        self.batch = self.call.query(SOQL)
        same((False, 201), (self.batch.done, self.batch.size))
        same(COLLEAGUES, [self._value(record, "InvitedUserEmail") for record in self.batch.records])
        self.first = self._value(self.batch.records[0], "Id")
        return f"{len(self.batch.records)} of {self.batch.size}"

    def queryMore(self) -> str:
        rest = self.call.queryMore(self.batch.queryLocator)
        self.client.set_options(soapheaders={"SessionHeader": self.session})
        same(True, rest.done)
        return same([ONE_MORE], [self._value(record, "InvitedUserEmail") for record in rest.records])

    def retrieve(self) -> str:
        [record] = self.call.retrieve(FIELDS, SOBJECT, [self.first])
        same(COLLEAGUES[0], self._value(record, "InvitedUserEmail"))
        return same("Sent", self._value(record, "Status"))

    def describe(self) -> str:
        described = self.call.describeSObject(SOBJECT)
        same((True, False), (described.createable, described.updateable))
        return same("0H1", described.keyPrefix)

    def delete(self) -> str:
        [deleted] = self.call.delete([self.first])
        same(True, deleted.success)
        return same(self.first, deleted.id)

    def logout(self) -> str:
        self.call.logout()
        return "signed out"

    def expired(self) -> str:
        try:
            self.call.getUserInfo()
        except WebFault as fault:
            same("INVALID_SESSION_ID", fault.fault.detail.UnexpectedErrorFault.exceptionCode)
            return same("sf:INVALID_SESSION_ID", fault.fault.faultcode) + " as WebFault"
        raise AssertionError("the session still works")


run(DIALECT, f"suds-community {version}", Driver())
