"""The API's description: what each version and dialect knows, and what its files may say."""

import shutil

import pytest

from orgbox.errors import FAULT_TYPES
from orgbox.soap import description as module
from orgbox.soap.description import DescriptionError, Member, description

VERSIONS_AND_DIALECTS = [(v, d) for v in range(21, 67) for d in ("partner", "enterprise")]


def names(members):
    return [member.name for member in members]


def test_every_api_version_from_21_to_66_is_served():
    assert description().versions == tuple(range(21, 67))


@pytest.mark.parametrize(
    ("type_name", "version", "known", "unknown"),
    [
        ("GetUserInfoResult", 37, "userUiSkin", "orgDefaultCurrencyLocale"),
        ("GetUserInfoResult", 40, "chatterExternal", "licenseType"),
        ("DescribeSObjectResult", 28, "searchLayoutable", "compactLayoutable"),
        ("DescribeSObjectResult", 47, "deepCloneable", "associateEntityType"),
        ("Field", 35, "encrypted", "aggregatable"),
        ("Field", 46, "dataTranslationEnabled", "deprecated"),
        ("ChildRelationship", 36, "junctionIdListName", "junctionIdListNames"),
        ("ChildRelationship", 37, "junctionIdListNames", "junctionIdListName"),
        ("RecordTypeInfo", 42, "active", "developerName"),
        ("Error", 36, "fields", "extendedErrorDetails"),
        ("SearchResult", 33, "sforceReserved", "searchResultsMetadata"),
        ("address", 34, "street", "geocodeAccuracy"),
    ],
)
def test_a_type_has_the_members_of_its_version(type_name, version, known, unknown):
    members = names(description().as_of(version).types[type_name].members)

    assert known in members
    assert unknown not in members


def test_a_member_may_change_its_type():
    def type_of_limit(version):
        (limit,) = (m for m in description().as_of(version).members("LimitInfo") if m.name == "limit")
        return limit.type

    assert (type_of_limit(59), type_of_limit(60)) == ("xsd:int", "xsd:long")


def test_members_of_the_base_come_first():
    assert names(description().as_of(37).members("fns:InvalidFieldFault")) == [
        "exceptionCode", "exceptionMessage", "extendedErrorDetails", "row", "column",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "members"),
    [("partner", ["type", "fieldsToNull", "Id", "any"]), ("enterprise", ["fieldsToNull", "Id"])],
)
def test_a_record_has_the_form_of_its_dialect(dialect, members):
    assert names(description().as_of(60, dialect).members("ens:sObject")) == members


def test_call_options_are_the_partner_dialects_alone():
    assert "CallOptions" in description().as_of(60, "partner").headers
    enterprise = description().as_of(60, "enterprise")
    assert "CallOptions" not in enterprise.headers
    assert all("CallOptions" not in names(c.headers_in) for c in enterprise.calls.values())


@pytest.mark.parametrize(
    ("call", "version", "header", "bound"),
    [
        ("query", 28, "LimitInfoHeader", False),
        ("query", 29, "LimitInfoHeader", True),
        ("login", 66, "LimitInfoHeader", False),
        ("create", 29, "DebuggingInfo", True),
        ("query", 66, "DebuggingInfo", False),
    ],
)
def test_answers_carry_only_the_headers_their_version_binds(call, version, header, bound):
    answer = description().as_of(version, "partner").calls[call].headers_out

    assert (header in names(answer)) is bound


def test_calls_and_faults_have_their_versions():
    assert "changeOwnPassword" not in description().as_of(39).calls
    assert "changeOwnPassword" in description().as_of(40).calls
    query_more = {v: names(description().as_of(v).calls["queryMore"].faults) for v in (24, 25)}
    assert [("MalformedQueryFault" in query_more[v]) for v in (24, 25)] == [False, True]


@pytest.mark.parametrize(
    ("enumeration", "value", "first"),
    [
        ("fieldType", "address", 30),
        ("soapType", "urn:address", 30),
        ("soapType", "tns:address", 35),
        ("DebugLevel", "Profiling", 37),
    ],
)
def test_an_enumeration_has_the_values_of_its_version(enumeration, value, first):
    assert value not in description().as_of(first - 1).enumerations[enumeration].names
    assert value in description().as_of(first).enumerations[enumeration].names


def test_fault_codes_are_the_exception_codes_as_qnames():
    enumerations = description().as_of(58).enumerations
    codes = enumerations["fns:ExceptionCode"].names

    assert enumerations["fns:FaultCode"].names == {f"fns:{code}" for code in codes}


def test_codes_with_a_fault_type_of_their_own_are_declared():
    newest = description().as_of(66)

    assert FAULT_TYPES.keys() <= newest.enumerations["fns:ExceptionCode"].names
    assert {f"fns:{kind}" for kind in FAULT_TYPES.values()} <= newest.types.keys()


@pytest.mark.parametrize(("version", "dialect"), VERSIONS_AND_DIALECTS)
def test_each_version_names_only_what_it_knows(version, dialect):
    api = description().as_of(version, dialect)
    known = api.types.keys() | api.enumerations.keys()
    groups = [call.arguments + ((call.result,) if call.result else ()) for call in api.calls.values()]
    groups += [item.members for item in (*api.types.values(), *api.headers.values())]

    missing = [m for group in groups for m in group if ":" not in m.type and m.type not in known]

    assert missing == []
    assert all(len(set(names(group))) == len(group) for group in groups)


def test_what_a_version_knows_is_made_once():
    assert description().as_of(60, "partner") is description().as_of(60, "partner")


@pytest.mark.parametrize(
    ("notation", "expected"),
    [
        ("xsd:int", {}),
        ("xsd:int?", {"min": 0}),
        ("xsd:int*~", {"min": 0, "max": None, "nillable": True}),
        ("xsd:int+", {"max": None}),
        ("xsd:int{0,100}", {"min": 0, "max": 100}),
        ("xsd:int@29", {"since": 29}),
        ("xsd:int@33-36", {"since": 33, "until": 37}),
        ("xsd:int@-33", {"until": 34}),
        ("xsd:int (partner)", {"only": "partner"}),
    ],
)
def test_a_member_is_written_in_one_line(edited, notation, expected):
    whole = edited("types.toml", 'done = "xsd:boolean"', f'done = "{notation}"')

    assert whole.types["QueryResult"].members[0] == Member("done", "xsd:int", **expected)


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("types.toml", '"xsd:boolean"', '"xsd:boolean!"', "passwordExpired: cannot read"),
        ("types.toml", '"xsd:boolean"', '"xsd:boolean@"', "passwordExpired: cannot read"),
        ("types.toml", '"xsd:boolean"', "1", "passwordExpired: cannot read"),
        ("types.toml", '"xsd:boolean"', '"xsd:bool"', "passwordExpired: no type"),
        ("types.toml", "since = 32", "since = 'x'", "[ActionOverride]: since and until"),
        ("types.toml", 'base = "fns:ApiFault"', 'base = "fns:Api"', "base: no type 'fns:Api'"),
        ("types.toml", 'only = "enterprise"', 'only = "french"', "only: no dialect 'french'"),
        ("calls.toml", "in = {}", "input = {}", "[describeGlobal]: unknown input"),
        ("calls.toml", "LoginScopeHeader", "LoginHeader", "[login]: no LoginHeader"),
        ("calls.toml", "LoginFault", "LogonFault", "[login]: no fns:LogonFault"),
        ("calls.toml", "LocaleOptions@32", "LocaleOptions@soon", "[create]: cannot read"),
        ("headers.toml", "batchSize", "only = 'x'\nbatchSize", "[QueryOptions] only: no dialect"),
        ("enums.toml", "length = 18", "size = 18", "[ID]: unknown size"),
        ("enums.toml", '= "fns:ExceptionCode"', '= "fns:Codes"', "values_of: no 'fns:Codes'"),
    ],
)  # fmt: skip
def test_a_slip_in_a_file_is_refused_by_name(edited, file, old, new, complaint):
    with pytest.raises(DescriptionError) as refusal:
        edited(file, old, new)

    assert str(refusal.value).startswith(file)
    assert complaint in str(refusal.value)


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """The description as it would be with one text of a file replaced."""

    def load(file, old, new):
        shutil.copytree(module._folder(), tmp_path, dirs_exist_ok=True)
        text = (tmp_path / file).read_text("utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), "utf-8")
        monkeypatch.setattr(module, "_folder", lambda: tmp_path)
        return description.__wrapped__()

    return load
