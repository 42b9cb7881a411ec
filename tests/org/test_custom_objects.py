"""An org with objects of its own: the bookshop of tests/bookshop, imported while the service runs."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from zeep import Client as ZeepClient

from orgbox.app import build
from orgbox.catalog.importing import read_file
from orgbox.cli import main
from orgbox.config import configure
from orgbox.org.extension import extend, remove, texts_of
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.model import Model
from orgbox.org.org import Org
from orgbox.org.registry import Orgs
from orgbox.org.seed import read_seed
from service import Client, Service, start_service

BOOKSHOP = Path(__file__).parents[1] / "bookshop"


def default(service: Service) -> Org:
    return default_of(service.app.orgs)


def default_of(orgs: Orgs) -> Org:
    org = orgs.default()
    assert org
    return org


def run(service: Service, *arguments: str | Path) -> Result:
    """`orgbox schema …` on the database of a running service; answers are judged by the new schema."""
    command = ["schema", "--database", service.app.config.database, *map(str, arguments)]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    orgs = service.app.orgs
    service.judge.catalog = orgs.models.make(texts_of(orgs, default(service))).catalog
    return result


@pytest.fixture
def shop(service: Service) -> Service:
    """A service whose org has the bookshop."""
    done = run(service, "import", BOOKSHOP)
    assert done.output == "Acme: 4 objects added, 0 changed\n"
    return service


@pytest.fixture(params=["u", "c"], ids=["partner", "enterprise"])
def admin(shop: Service, request: pytest.FixtureRequest) -> Client:
    return shop.client("admin@acme.com", request.param)


def made(client: Client, sobject: str, **values: str) -> str:
    answer = client.create(sobject, values)
    assert answer.text("success") == "true", answer.body.decode()
    return str(answer.text("id"))


def test_records_of_custom_objects_are_kept_and_found_by_parent_and_child(admin: Client) -> None:
    author = made(admin, "Author__c", Name="Jane Austen", Pen_Name__c="A Lady", Born__c="1775-12-16")
    book = made(admin, "Book__c", Name="Emma", Author__c=author, Pages__c="474", Price__c="9.5")

    up = admin.query("SELECT Name, Pages__c, In_Print__c, Author__r.Name, Owner.Name FROM Book__c "
                     "WHERE Author__r.Born__c < 1800-01-01 AND Price__c > 9")  # fmt: skip
    down = admin.query("SELECT Name, (SELECT Id, Name FROM Books__r) FROM Author__c")

    assert (author[:3], book[:3]) == ("a00", "a01")
    assert set(up.texts("Name")) == {"Emma", "Jane Austen", "Ada Admin"}
    assert (up.text("Pages__c"), up.text("In_Print__c")) == ("474", "true")
    assert book in down.texts("Id")
    assert admin.query("SELECT COUNT() FROM Book__c WHERE CreatedDate = LAST_N_DAYS:1").text("size") == "1"


def test_what_is_not_said_is_filled_in_as_the_platform_does(admin: Client) -> None:
    book = made(admin, "Book__c", ISBN__c="1")
    made(admin, "Chapter__c", Book__c=book)
    made(admin, "Chapter__c", Book__c=book)

    assert admin.query("SELECT Name FROM Book__c").texts("Name") == [book[:15]]
    assert admin.query("SELECT Name FROM Chapter__c").texts("Name") == ["00000001", "00000002"]
    assert admin.query("SELECT OwnerId FROM Book__c").text("OwnerId") == admin.user_id


def test_the_catalogues_checks_hold_for_custom_fields(admin: Client) -> None:
    isbn = {"ISBN__c": "978"}
    made(admin, "Book__c", **isbn)

    assert admin.create("Book__c", isbn).text("statusCode") == "DUPLICATE_VALUE"
    assert admin.create("Book__c", {"ISBN__c": "x" * 14}).text("statusCode") == "STRING_TOO_LONG"
    wrong = admin.create("Book__c", {"Kind__c": "Prose"})
    assert wrong.text("statusCode") == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert admin.create("Chapter__c", {"Title__c": "1"}).text("statusCode") == "REQUIRED_FIELD_MISSING"


def test_upsert_goes_by_external_id_and_names_parents_by_theirs(admin: Client) -> None:
    made(admin, "Author__c", Pen_Name__c="Boz")
    parent = '<o:Author__r xsi:type="o:Author__c"><o:Pen_Name__c>boz</o:Pen_Name__c></o:Author__r>'
    if admin.dialect.path == "u":
        parent = "<o:Author__r><o:type>Author__c</o:type><o:Pen_Name__c>boz</o:Pen_Name__c></o:Author__r>"

    def upsert(name: str) -> str | None:
        row = admin.record("Book__c", {"ISBN__c": "7", "Name": name})
        row = row.replace("</sObjects>", f"{parent}</sObjects>")
        key = "<externalIDFieldName>ISBN__c</externalIDFieldName>"
        answer = admin.call(f"<upsert>{key}{row}</upsert>")
        assert answer.text("success") == "true", answer.body.decode()
        return answer.text("created")

    assert (upsert("Hard Times"), upsert("Bleak House")) == ("true", "false")
    found = admin.query("SELECT Name, Author__r.Pen_Name__c FROM Book__c")
    assert (found.texts("Name"), found.text("Pen_Name__c")) == (["Bleak House"], "Boz")


def test_deleting_goes_to_the_recycle_bin_takes_details_along_and_clears_lookups(admin: Client) -> None:
    author = made(admin, "Author__c", Name="Anon")
    book = made(admin, "Book__c", Author__c=author)
    chapter = made(admin, "Chapter__c", Book__c=book)

    admin.call(f"<delete><ids>{author}</ids></delete>")
    assert admin.query("SELECT Author__c FROM Book__c WHERE Author__c = null").text("size") == "1"
    admin.call(f"<delete><ids>{book}</ids></delete>")
    assert admin.query("SELECT Id FROM Chapter__c").text("size") == "0"
    every = "<queryAll><queryString>SELECT Id, IsDeleted FROM Chapter__c</queryString></queryAll>"
    assert (admin.call(every).text("Id"), admin.call(every).text("IsDeleted")) == (chapter, "true")
    assert admin.call(f"<undelete><ids>{book}</ids></undelete>").text("success") == "true"
    assert admin.query("SELECT Id FROM Book__c").texts("Id")[0] == book


def test_a_record_whose_unique_value_is_taken_meanwhile_stays_in_the_recycle_bin(admin: Client) -> None:
    old = made(admin, "Book__c", ISBN__c="1")
    admin.call(f"<delete><ids>{old}</ids></delete>")
    new = made(admin, "Book__c", ISBN__c="1")

    assert admin.call(f"<undelete><ids>{old}</ids></undelete>").text("statusCode") == "DUPLICATE_VALUE"
    assert admin.query("SELECT Id FROM Book__c").text("Id") == new
    admin.call(f"<delete><ids>{new}</ids></delete>")
    assert admin.call(f"<undelete><ids>{old}</ids></undelete>").text("success") == "true"


@pytest.mark.parametrize("call", ["undelete", "emptyRecycleBin"])
def test_the_recycle_bin_of_others_is_the_administrators(call: str, admin: Client) -> None:
    sam, mia = (Client(admin.url).login(f"{name}@acme.com") for name in ("sam", "mia"))
    book = made(sam, "Book__c", ISBN__c="1")
    sam.call(f"<delete><ids>{book}</ids></delete>")

    refused = mia.call(f"<{call}><ids>{book}</ids></{call}>")

    assert refused.text("statusCode") == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert admin.call(f"<{call}><ids>{book}</ids></{call}>").text("success") == "true"


def test_fields_added_to_a_standard_object_count_for_records_that_were_there(admin: Client) -> None:
    book = made(admin, "Book__c", Name="Emma")
    assert admin.query("SELECT COUNT() FROM User WHERE Reads__c = true").text("size") == "0"
    assert set(admin.query("SELECT Reads__c FROM User").texts("Reads__c")) == {"false"}

    row = admin.record("User", {"Id": admin.user_id, "Favourite__c": book, "Reads__c": "true"})
    admin.call(f"<update>{row}</update>")

    found = admin.query("SELECT Name, (SELECT Username FROM Fans__r) FROM Book__c")
    assert found.texts("Username") == ["admin@acme.com"]
    assert admin.query("SELECT Favourite__r.Name FROM User WHERE Reads__c = true").text("Name") == "Emma"


def test_compound_fields_of_places_are_put_together_from_their_parts(admin: Client) -> None:
    made(admin, "Author__c", Home__Latitude__s="51.5", Home__Longitude__s="-1.25")

    found = admin.query("SELECT Home__c FROM Author__c")

    assert (found.text("latitude"), found.text("longitude")) == ("51.5", "-1.25")


def test_describe_and_wsdl_tell_of_them_and_zeep_understands(shop: Service) -> None:
    address = f"{shop.url}/services/Soap/c/60.0?wsdl"
    client = ZeepClient(address)
    service = client.create_service(
        "{urn:enterprise.soap.sforce.com}SoapBinding", f"{shop.url}/services/Soap/c/60.0"
    )
    session = service.login("admin@acme.com", "orgbox1!").sessionId
    headers = {"SessionHeader": {"sessionId": session}}
    book = client.get_type("{urn:sobject.enterprise.soap.sforce.com}Book__c")(Name="Emma", Pages__c=474)

    saved = service.create([book], _soapheaders=headers).body.result
    described = service.describeSObject("Book__c", _soapheaders=headers).body.result
    everything = service.describeGlobal(_soapheaders=headers).body.result.sobjects

    assert saved[0].success
    assert described.custom and described.keyPrefix == "a01" and described.label == "Book"
    assert [c.relationshipName for c in described.childRelationships] == ["Chapters__r", "Fans__r"]
    assert {"Author__c", "Book__c", "Chapter__c"} <= {s.name for s in everything}
    assert b"Fans__r" in requests.get(address, timeout=60).content


def test_a_describe_of_the_service_imports_as_what_it_describes(shop: Service, tmp_path: Path) -> None:
    admin = shop.client("admin@acme.com")
    names = "".join(f"<sObjectType>{n}</sObjectType>" for n in ("Author__c", "Book__c", "Chapter__c", "User"))
    file = tmp_path / "describe.xml"
    file.write_bytes(admin.call(f"<describeSObjects>{names}</describeSObjects>").body)

    assert run(shop, "diff", file).output == ""
    assert run(shop, "remove", "Book__c", "Chapter__c", "Author__c", "User").exit_code == 0
    missing = run(shop, "diff", file).output.splitlines()
    favourite = "+ User.Favourite__c reference Book__c"
    assert missing[:4] == ["+ Author__c", "+ Book__c", "+ Chapter__c", favourite]
    assert run(shop, "import", file).output == "Acme: 4 objects added, 0 changed\n"
    assert run(shop, "diff", file).output == ""
    assert admin.create("Book__c", {"Name": "Emma"}).text("success") == "true"


def test_what_was_exported_imports_as_the_same(shop: Service, tmp_path: Path) -> None:
    before = texts_of(shop.app.orgs, default(shop))
    run(shop, "export", tmp_path)
    file = tmp_path / "Book__c.toml"
    file.write_text(file.read_text("utf-8").replace("length = 13", "length = 17"), "utf-8")

    done = run(shop, "import", tmp_path)

    assert done.output == "Acme: 0 objects added, 1 changed\n"
    after = texts_of(shop.app.orgs, default(shop))
    assert {n for n in before if before[n] != after[n]} == {"Book__c"}
    answer = shop.client("admin@acme.com").create("Book__c", {"ISBN__c": "x" * 17})
    assert answer.text("success") == "true"


def test_an_import_that_is_refused_changes_nothing(shop: Service, tmp_path: Path) -> None:
    before = texts_of(shop.app.orgs, default(shop))
    (tmp_path / "Film__c.toml").write_text("[fields]", "utf-8")
    (tmp_path / "Scene__c.toml").write_text(
        '[fields]\nFilm__c = { type = "reference", references = ["Flim__c"] }', "utf-8"
    )

    done = run(shop, "import", tmp_path)
    removed = run(shop, "remove", "Author__c")

    assert done.exit_code == 1
    assert done.output == "Error: Scene__c.Film__c: there is no SObject Flim__c\n"
    assert "Book__c.Author__c: there is no SObject Author__c" in removed.output
    assert texts_of(shop.app.orgs, default(shop)) == before


def test_a_removed_object_is_gone_with_its_records(shop: Service) -> None:
    admin = shop.client("admin@acme.com")
    made(admin, "Chapter__c", Book__c=made(admin, "Book__c", Name="Emma"))

    run(shop, "remove", "Chapter__c")
    assert admin.query("SELECT Id FROM Chapter__c").fault[0] == "sf:INVALID_TYPE"
    run(shop, "import", BOOKSHOP / "Chapter__c.toml")

    assert admin.query("SELECT Id FROM Chapter__c").text("size") == "0"


def imported(service: Service, org: Org, folder: Path, fields: str) -> None:
    file = folder / "Book__c.toml"
    file.write_text(f"[fields]\n{fields}", "utf-8")
    extend(service.app.orgs, org, read_file(file, service.app.orgs.catalog))


def test_orgs_that_disagree_on_a_field_do_not_disturb_each_other(service: Service, tmp_path: Path) -> None:
    lifecycle = Lifecycle(service.app.orgs)
    first, second = (lifecycle.create(read_seed(""), name) for name in ("one", "two"))
    all_ = 'properties = "Create, Filter, Nillable, Sort, Update"'
    imported(service, first, tmp_path, f'Size__c = {{ type = "int", {all_} }}')
    imported(service, second, tmp_path, f'Size__c = {{ type = "string", length = 9, {all_} }}')

    def largest(org: Org, *sizes: str) -> str | None:
        client = Client(f"{service.url}/org/{org.id[:15]}").login("admin@acme.com")
        client.create("Book__c", *({"Size__c": size} for size in sizes))
        return client.query("SELECT Size__c FROM Book__c ORDER BY Size__c DESC").text("Size__c")

    assert largest(first, "9", "10") == "10"
    assert largest(second, "9", "10") == "9"


def test_another_type_for_a_field_keeps_the_rest_of_the_records(service: Service, tmp_path: Path) -> None:
    all_ = 'properties = "Create, Filter, Nillable, Sort, Update"'
    org = default(service)
    imported(service, org, tmp_path, f'Size__c = {{ type = "textarea", length = 999, {all_} }}')
    admin = service.client("admin@acme.com")
    made(admin, "Book__c", Size__c="Folio")

    imported(service, org, tmp_path, f'Size__c = {{ type = "string", length = 99, {all_} }}')
    assert admin.query("SELECT Id FROM Book__c WHERE Size__c = 'FOLIO'").text("size") == "1"
    imported(service, org, tmp_path, f'Size__c = {{ type = "double", {all_} }}')
    assert admin.query("SELECT Id FROM Book__c WHERE Size__c = null").text("size") == "1"


def test_an_org_is_copied_brought_back_and_removed_with_its_own_objects(shop: Service) -> None:
    lifecycle, org = Lifecycle(shop.app.orgs), default(shop)
    admin = shop.client("admin@acme.com")
    made(admin, "Book__c", Name="Emma", ISBN__c="1")
    lifecycle.snapshot(org, "one book")
    fork = lifecycle.fork(org)

    there = Client(f"{shop.url}/org/{fork.id[:15]}").login("admin@acme.com")
    assert there.query("SELECT Name FROM Book__c").texts("Name") == ["Emma"]
    assert there.create("Book__c", {"ISBN__c": "1"}).text("statusCode") == "DUPLICATE_VALUE"
    made(admin, "Book__c", Name="Persuasion")
    lifecycle.restore(org, "one book")
    assert admin.query("SELECT Name FROM Book__c").texts("Name") == ["Emma"]
    made(there, "Book__c", Name="Sanditon")
    lifecycle.reset(fork)
    assert there.query("SELECT Name FROM Book__c").texts("Name") == ["Emma"]
    lifecycle.delete(fork)
    remove(shop.app.orgs, org, ["Book__c", "Chapter__c", "Author__c", "User"])
    assert org.catalog is shop.app.orgs.catalog


def test_an_org_brought_back_to_its_seed_has_no_objects_of_its_own(service: Service, tmp_path: Path) -> None:
    lifecycle = Lifecycle(service.app.orgs)
    org = lifecycle.create(read_seed(""))
    imported(service, org, tmp_path, 'Size__c = { type = "int", properties = "Create, Nillable" }')
    client = Client(f"{service.url}/org/{org.id[:15]}").login("admin@acme.com")
    made(client, "Book__c", Size__c="3")

    lifecycle.reset(org)
    assert client.query("SELECT Id FROM Book__c").fault[0] == "sf:INVALID_TYPE"
    imported(service, org, tmp_path, 'Size__c = { type = "int", properties = "Create, Nillable" }')
    assert client.query("SELECT Id FROM Book__c").text("size") == "0"


def test_every_process_knows_with_the_next_call(service: Service, tmp_path: Path) -> None:
    config = configure(database=service.app.config.database, hash_memory_kib=64, hash_rounds=1, durable=False)
    other = build(config)
    org = other.orgs.default()
    assert org
    alice = service.client("admin@acme.com")
    assert alice.query("SELECT Id FROM Book__c").fault[0] == "sf:INVALID_TYPE"

    extend(other.orgs, org, read_file(BOOKSHOP, other.orgs.catalog))
    other.close()

    assert alice.query("SELECT Id FROM Book__c").text("size") == "0"


def test_calls_that_meet_a_schema_at_once_make_its_model_once(
    shop: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    orgs = build(shop.app.config).orgs
    make, texts, begun = orgs.models.make, [], threading.Barrier(4)

    def slowly(given: Mapping[str, str]) -> Model:
        texts.append(given)
        time.sleep(0.1)
        return make(given)

    def meet(_: int) -> Model:
        begun.wait()
        return default_of(orgs).model

    monkeypatch.setattr(orgs.models, "make", slowly)
    with ThreadPoolExecutor(4) as callers:
        models = list(callers.map(meet, range(4)))
    orgs.database.close()

    assert len(texts) == len(set(map(id, models))) == 1


def test_the_schema_is_there_after_a_restart(tmp_path: Path) -> None:
    first = start_service(tmp_path)
    run(first, "import", BOOKSHOP)
    made(first.client("admin@acme.com"), "Book__c", Name="Emma")
    first.stop()

    second = start_service(tmp_path)
    found = second.client("admin@acme.com").query("SELECT Name FROM Book__c")
    second.stop()

    assert found.texts("Name") == ["Emma"]


def test_calls_go_on_while_the_schema_changes(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    service = make_service()
    run(service, "import", BOOKSHOP)
    admin = service.client("admin@acme.com")
    failed: list[bytes] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            answer = admin.create("Book__c", {"Name": "x", "Pages__c": "1"})
            if answer.status != 200 or answer.text("success") != "true":
                failed.append(answer.body)

    worker = threading.Thread(target=work)
    worker.start()
    for n in range(5):
        file = tmp_path / "Book__c.toml"
        more = f'More{n}__c = {{ type = "int", properties = "Create, Nillable" }}\n'
        file.write_text((BOOKSHOP / "Book__c.toml").read_text("utf-8") + more, "utf-8")
        run(service, "import", file)
    stop.set()
    worker.join()

    assert not failed
