"""A user signed in to an org."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import requests

from orgbox_client.errors import ApiFault, DmlException, SaveResult, read_results
from orgbox_client.query import Batch, QueryResult
from orgbox_client.reading import RecordReader
from orgbox_client.records import Record, pending, saved
from orgbox_client.soap import Dialect, Soap
from orgbox_client.sobjects import SObject, read_describe


def connect(
    url: str,
    username: str,
    password: str,
    version: str = "66.0",
    dialect: Dialect = "enterprise",
    timeout: float = 120.0,
) -> "Connection":
    """Sign in. `url` is where the service is, `timeout` the seconds to wait for an answer.

    Raises ApiFault INVALID_LOGIN, and requests' exceptions when there is no service.
    """
    soap = Soap(url, version, dialect, timeout)
    try:
        return Connection(soap, soap.call("login", username=username, password=password))
    except BaseException:
        soap.close()
        raise


class Connection:
    """The calls of one session, in the words of Apex. Made by `connect`.

    At the end of a with block the session ends, it alone; logout() ends every session of the user.
    Any method raises ApiFault when the service refuses the call.
    """

    def __init__(self, soap: Soap, login: Any) -> None:
        self.session_id: str = login.sessionId
        self.user_id: str = login.userId
        self.user_info = login.userInfo
        self._soap = soap
        self._soap.headers["SessionHeader"] = {"sessionId": login.sessionId}
        self._soap.move(login.serverUrl)
        self._described: dict[str, Any] = {}
        self._sobjects = {"aggregateresult": SObject("AggregateResult")}
        self._reader = RecordReader(soap.namespace, self._sobject_or_bare, self._more)

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *error: object) -> None:
        if self.session_id:
            with suppress(ApiFault, requests.RequestException):
                self.call("invalidateSessions", sessionIds=[self.session_id])
        self.close()

    def new(self, sobject: str, **values: Any) -> Record:
        """A new record, not saved yet. Raises ApiFault INVALID_TYPE, AttributeError."""
        record = Record(self._sobject(sobject))
        for name, value in values.items():
            setattr(record, name, value)
        return record

    def insert(self, records: Record | Iterable[Record], all_or_none: bool = True) -> list[SaveResult]:
        """create(): save new records and set their Ids. Raises DmlException.

        With `all_or_none` one refused record undoes the call and raises; without it the others are
        saved and the results tell. So for each of the calls that change records.
        """
        return self._save("create", "Insert", records, all_or_none)

    def update(self, records: Record | Iterable[Record], all_or_none: bool = True) -> list[SaveResult]:
        """Save what was assigned to records since they were read or saved; None or "" empties a field."""
        return self._save("update", "Update", records, all_or_none)

    def upsert(
        self, records: Record | Iterable[Record], key: str = "Id", all_or_none: bool = True
    ) -> list[SaveResult]:
        """Update the records found by the field `key`, insert the others."""
        return self._save("upsert", "Upsert", records, all_or_none, externalIDFieldName=key)

    def delete(
        self, records: Record | str | Iterable[Record | str], all_or_none: bool = True
    ) -> list[SaveResult]:
        """Delete records, or the records of these Ids."""
        return self._by_id("delete", "Delete", records, all_or_none)

    def undelete(
        self, records: Record | str | Iterable[Record | str], all_or_none: bool = True
    ) -> list[SaveResult]:
        """Bring back records, or the records of these Ids, from the recycle bin."""
        return self._by_id("undelete", "Undelete", records, all_or_none)

    def query(self, soql: str, batch_size: int | None = None, deleted: bool = False) -> QueryResult[Record]:
        """query(), or queryAll() with `deleted`: the records, fetched as they are wanted."""
        return QueryResult(*self._ask(soql, batch_size, deleted))

    def stream(self, soql: str, batch_size: int = 2000, deleted: bool = False) -> Iterator[Record]:
        """The records of query() one after the other, none kept: for results of any size."""
        batch, more = self._ask(soql, batch_size, deleted)
        yield from batch.records
        while batch.locator:
            batch = more(batch.locator)
            yield from batch.records

    def retrieve(
        self, fields: str | Iterable[str], sobject: str, ids: str | Iterable[str]
    ) -> list[Record | None]:
        """Records by Id, in that order; None where there is none. `fields` are names, or a comma list."""
        names = fields if isinstance(fields, str) else ", ".join(fields)
        keys = [ids] if isinstance(ids, str) else list(ids)
        results = self._soap.read("retrieve", fieldList=names, sObjectType=sobject, ids=keys)
        return [self._reader.record(result) for result in results]

    def describe(self, sobject: str) -> Any:
        """DescribeSObjectResult as zeep reads it; kept for the life of the connection."""
        key = sobject.lower()
        if key not in self._described:
            self._described[key] = self.call("describeSObject", sObjectType=sobject)
        return self._described[key]

    def call(self, name: str, headers: dict[str, Any] | None = None, **arguments: Any) -> Any:
        """Any call of the WSDL by its own name and arguments; returns the result as zeep reads it."""
        return self._soap.call(name, headers, **arguments)

    def logout(self) -> None:
        """End the session, and with it those of every client signed in as the same user."""
        self.call("logout")
        self.session_id = ""

    def close(self) -> None:
        """Close the HTTP connections; the session goes on."""
        self._soap.close()

    def _save(
        self,
        call: str,
        verb: str,
        records: Record | Iterable[Record],
        all_or_none: bool,
        **arguments: str,
    ) -> list[SaveResult]:
        rows = [records] if isinstance(records, Record) else list(records)
        sent = [self._soap.record(row.sobject_type, pending(row)) for row in rows]
        headers = {"AllOrNoneHeader": {"allOrNone": all_or_none}}
        answer = self.call(call, headers, sObjects=sent, **arguments)
        results = read_results(answer, [row.Id for row in rows])
        _refuse_failed(verb, results, all_or_none)
        for row, result in zip(rows, results, strict=True):
            if result.success:
                saved(row, result.id)
        return results

    def _by_id(
        self,
        call: str,
        verb: str,
        records: Record | str | Iterable[Record | str],
        all_or_none: bool,
    ) -> list[SaveResult]:
        rows = [records] if isinstance(records, Record | str) else records
        ids = [row if isinstance(row, str) else row.Id for row in rows]
        headers = {"AllOrNoneHeader": {"allOrNone": all_or_none}}
        results = read_results(self.call(call, headers, ids=ids), ids)
        _refuse_failed(verb, results, all_or_none)
        return results

    def _ask(
        self, soql: str, batch_size: int | None, deleted: bool
    ) -> tuple[Batch[Record], Callable[[str], Batch[Record]]]:
        """The first batch of a query, and what fetches the others."""
        headers = {"QueryOptions": {"batchSize": batch_size}} if batch_size else {}
        (result,) = self._soap.read("queryAll" if deleted else "query", headers, queryString=soql)
        return self._reader.batch(result), partial(self._more, headers=headers)

    def _more(self, locator: str, headers: dict[str, Any] | None = None) -> Batch[Record]:
        (result,) = self._soap.read("queryMore", headers, queryLocator=locator)
        return self._reader.batch(result)

    def _sobject(self, name: str) -> SObject:
        key = name.lower()
        if key not in self._sobjects:
            self._sobjects[key] = read_describe(self.describe(name))
        return self._sobjects[key]

    def _sobject_or_bare(self, name: str) -> SObject:
        """The SObject of a record read; bare where describe does not tell about it, as of Name."""
        try:
            return self._sobject(name)
        except ApiFault as fault:
            if fault.exception_code != "INVALID_TYPE":
                raise
            return self._sobjects.setdefault(name.lower(), SObject(name))


def _refuse_failed(verb: str, results: Sequence[SaveResult], all_or_none: bool) -> None:
    if all_or_none and not all(result.success for result in results):
        raise DmlException(verb, results)
