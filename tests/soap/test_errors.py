"""Every condition under which a call or a record is refused: code, words, fields, fault type, HTTP status.

The cases are tables in `errors/*.toml`:

    call, when      what is refused, and under which condition: the name of the test
    who             who calls, by the part before @acme.com; alice if left out, nobody if empty
    dialect, version, header, body      the request; `{each}` in the body stands for `each`, `times` times
    before, after   calls that set the scene and clean up; the Id a step answers is kept under its `as`
    settings, limits, licenses          what the org is set to meanwhile; licenses: how many are left
    fault, kind, place, message         the API fault expected, its type, [row, column] and message; or
    error, fields, message              the error expected of the record at `at` (0), or of `all` records;
    errors                              or the codes of several

Names in braces are Ids of the scene, `{board_15}` their short form, `{41*n}` 41 times n, `{case}` the
number of the case and `{*}` in a message any text.
"""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orgbox import ids
from orgbox.org.session import catch_up
from service import Answer, Client, Service, start_service

Case = dict[str, Any]
FOLDER = Path(__file__).parent / "errors"
CASES: list[Case] = [
    case for path in sorted(FOLDER.glob("*.toml")) for case in tomllib.loads(path.read_text("utf-8"))["case"]
]
_USER = (
    "<o:LastName>New</o:LastName><o:Alias>new</o:Alias><o:TimeZoneSidKey>Europe/Paris</o:TimeZoneSidKey>"
    "<o:LocaleSidKey>en_US</o:LocaleSidKey><o:EmailEncodingKey>UTF-8</o:EmailEncodingKey>"
    "<o:LanguageLocaleKey>en_US</o:LanguageLocaleKey>"
)
_CUSTOM = (
    "If you are attempting to use a custom {}, be sure to append the '__c' after the {} name. Please "
    "reference your WSDL or the describe call for the appropriate names."
)
WORDS = {
    "user_fields": f"{_USER}<o:IsActive>true</o:IsActive>",
    "idle_user_fields": _USER,
    "gone": "<sObjects><o:type>CollaborationGroup</o:type><o:Name>Gone {case}</o:Name>"
    "<o:CollaborationType>Public</o:CollaborationType></sObjects>",
    "invite": "<sObjects><o:type>CollaborationInvitation</o:type>"
    "<o:InvitedUserEmail>guest{case}@acme.com</o:InvitedUserEmail>"
    "<o:SharedEntityId>{alice}</o:SharedEntityId></sObjects>",
    "span": "<startDate>2021-01-01T00:00:00Z</startDate><endDate>2021-02-01T00:00:00Z</endDate>",
    "custom_object": _CUSTOM.format("object", "entity"),
    "custom_field": _CUSTOM.format("field", "custom field"),
    "not_writable": "Please check the security settings of this field and verify that it is read/write "
    "for your profile or permission set.",
}


class Scene:
    """A service with Acme, and the names of its records."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.org = service.app.orgs.all()[0]
        self.names = dict(WORDS) | self._records()
        for name, prefix in {"user": "005", "group": "0F9", "invitation": "0H1", "org": "00D"}.items():
            self.names[f"none_{name}"] = ids.make(prefix, 62**9 - 7)

    def _records(self) -> dict[str, str]:
        found = {"org": self.org.id}
        admin = self.service.client("admin@acme.com")
        for sobject in ("User", "CollaborationGroup", "Profile"):
            name = "Username" if sobject == "User" else "Name"
            answer = admin.query(f"SELECT Id, {name} FROM {sobject}")
            for id_, text in zip(answer.texts("Id")[::2], answer.texts(name), strict=True):
                slug = re.sub(r"\W+", "_", str(text).removesuffix("@acme.com").removesuffix(".com").lower())
                found[slug] = str(id_)
        for name, member in {"membership": "sam", "ownership": "alice"}.items():
            row = admin.query(
                f"SELECT Id FROM CollaborationGroupMember WHERE CollaborationGroupId = '{found['all_acme']}' "
                f"AND MemberId = '{found[member]}'"
            )
            found[name] = row.text("Id") or ""
        return found

    def fill(self, text: str, names: dict[str, str]) -> str:
        """The text with names in braces replaced, also in what they stand for."""

        def word(found: re.Match[str]) -> str:
            count, _, what = found[1].partition("*")
            if what:
                return int(count) * what
            name = found[1].removesuffix("_15")
            if name not in names:
                return found[0]
            return names[name][:15] if name != found[1] else self.fill(names[name], names)

        return re.sub(r"\{([\w*]+)\}", word, text)

    @contextmanager
    def set_to(self, case: Case) -> Iterator[None]:
        """The org's settings, limits and licenses as the case wants them."""
        org, before = self.org, self.org.limits
        org.limits = replace(before, **case.get("limits", {}))
        kept = self._change_settings(case.get("settings", {}))
        total = self._leave_licenses(case.get("licenses"))
        yield
        org.limits = before
        self._change_settings(kept)
        self._leave_licenses(total)

    def _change_settings(self, values: dict[str, Any]) -> dict[str, Any]:
        with self.org.store.database.write() as connection:
            old = catch_up(connection, self.org)
            self.service.app.orgs.change_settings(connection, self.org, values)
        return {name: getattr(old, name) for name in values}

    def _leave_licenses(self, left: int | None) -> int | None:
        if left is None:
            return None
        table = self.org.store.schema.records["UserLicense"]
        salesforce = table.c.Name == "Salesforce"
        with self.org.store.database.write() as connection:
            row = connection.execute(table.select().where(salesforce)).one()
            change = table.update().where(salesforce).values(TotalLicenses=row.UsedLicenses + left)
            connection.execute(change)
        return int(row.TotalLicenses - row.UsedLicenses)


class Play:
    """One case on the scene: its calls and the names it makes."""

    def __init__(self, scene: Scene, number: int) -> None:
        self._scene = scene
        self._clients: dict[str, Client] = {}
        self.names = scene.names | {"case": str(number)}

    def fill(self, text: str) -> str:
        return self._scene.fill(text, self.names)

    def step(self, step: Case) -> None:
        answer = self.call(step)
        assert answer.status == 200 and "false" not in answer.texts("success"), answer.body.decode()
        if "as" in step:
            self.names[step["as"]] = answer.text("id") or ""

    def call(self, step: Case) -> Answer:
        client = self._client(step.get("who", "alice"))
        sent = Client(self._scene.service.url, step.get("dialect", "u"), step.get("version", "66.0"))
        sent.session_id = client.session_id
        each = step.get("each", "")
        many = "".join(each.replace("{n}", str(n)) for n in range(step.get("times", 0)))
        return sent.call(self.fill(step["body"].replace("{each}", many)), self.fill(step.get("header", "")))

    def _client(self, who: str) -> Client:
        if who not in self._clients:
            user = f"{who}@acme.com" if who else ""
            self._clients[who] = self._scene.service.client(user)
        return self._clients[who]


@pytest.fixture(scope="module")
def module_scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    started = start_service(tmp_path_factory.mktemp("errors"))
    yield Scene(started)
    started.stop()


@pytest.fixture
def scene(module_scene: Scene) -> Iterator[Scene]:
    """The scene; fails the test whose answers break the schemas of their version."""
    module_scene.service.judge.wrong.clear()
    yield module_scene
    assert not module_scene.service.judge.wrong, "\n\n".join(module_scene.service.judge.wrong)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n]['call']}: {CASES[n]['when']}")
def test_each_condition_is_refused_in_the_words_of_the_service(scene: Scene, number: int) -> None:
    case = CASES[number]
    play = Play(scene, number)
    with scene.set_to(case):
        for step in case.get("before", []):
            play.step(step)
        answer = play.call(case)
        for step in case.get("after", []):
            play.step(step)

    if "fault" in case:
        check_fault(case, play, answer)
    else:
        check_errors(case, play, answer)


def check_fault(case: Case, play: Play, answer: Answer) -> None:
    assert answer.status == 500, answer.body.decode()
    code, message = case["fault"], play.fill(case["message"])
    if code.startswith("soapenv:"):
        assert answer.fault == (code, message)
        assert not answer.texts("detail")
        return
    assert answer.text("faultcode") == f"sf:{code}"
    assert answer.text("exceptionCode") == code
    assert matches(message, answer.text("exceptionMessage"))
    assert answer.text("faultstring") == f"{code}: {answer.text('exceptionMessage')}"
    assert answer.texts(case["kind"]), answer.body.decode()
    if "place" in case:
        assert [int(answer.text(name) or "") for name in ("row", "column")] == case["place"]


def check_errors(case: Case, play: Play, answer: Answer) -> None:
    assert answer.status == 200, answer.body.decode()
    results = list(answer.xml.iter("{*}result"))
    for result in results if case.get("all") else [results[case.get("at", 0)]]:
        assert result.findtext("{*}success") == "false", answer.body.decode()
        assert not result.findtext("{*}id")
        told = result.findall("{*}errors")
        codes = [error.findtext("{*}statusCode") for error in told]
        assert codes == case.get("errors", [case.get("error")]), answer.body.decode()
        if "error" in case:
            assert matches(play.fill(case["message"]), told[0].findtext("{*}message"))
            assert [f.text for f in told[0].findall("{*}fields")] == case.get("fields", [])


def matches(expected: str, told: str | None) -> bool:
    pattern = ".+".join(re.escape(part) for part in expected.split("{*}"))
    assert told is not None and re.fullmatch(pattern, told, re.DOTALL), f"{told!r} is not {expected!r}"
    return True
