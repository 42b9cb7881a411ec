"""Every API version, in both dialects: each answer is valid by the WSDL of its version."""

import pytest

from service import Service

VERSIONS = [f"{v}.0" for v in range(21, 67)]


@pytest.mark.parametrize("dialect", ["c", "u"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_answers_every_kind_of_call_in_its_own_terms(
    shared: Service, dialect: str, version: str
) -> None:
    alice = shared.client("alice@acme.com", dialect, version)
    address = f"v{version.replace('.', '')}{dialect}@acme.com"
    answers = [
        alice.call("<getUserInfo/>"),
        alice.call("<getServerTimestamp/>"),
        alice.call("<describeGlobal/>"),
        alice.call("<describeSObject><sObjectType>User</sObjectType></describeSObject>"),
        alice.call(
            "<describeSObjects><sObjectType>CollaborationInvitation</sObjectType>"
            "<sObjectType>CollaborationGroup</sObjectType></describeSObjects>"
        ),
        alice.create(
            "CollaborationInvitation",
            {"InvitedUserEmail": address, "SharedEntityId": alice.user_id},
            {"InvitedUserEmail": "x@elsewhere.com", "SharedEntityId": alice.user_id},
        ),
    ]
    made = answers[-1].texts("id")[0]
    answers += [
        alice.query(
            "SELECT Id, InvitedUserEmail, OptionalMessage, CreatedDate, CreatedBy.Name, CreatedBy.ManagerId "
            f"FROM CollaborationInvitation WHERE InvitedUserEmail = '{address}'"
        ),
        alice.query("SELECT COUNT() FROM User"),
        alice.call(
            "<retrieve><fieldList>InvitedUserEmail,Status</fieldList><sObjectType>CollaborationInvitation"
            f"</sObjectType><ids>{made}</ids><ids>0H1000000000001</ids></retrieve>"
        ),
        alice.call(f"<delete><ids>{made}</ids><ids>{made}</ids></delete>"),
        alice.call("<getUpdated><sObjectType>User</sObjectType><startDate>2020-01-01T00:00:00Z</startDate>"
                   "<endDate>2090-01-01T00:00:00Z</endDate></getUpdated>"),
        alice.call("<getDeleted><sObjectType>User</sObjectType><startDate>2020-01-01T00:00:00Z</startDate>"
                   "<endDate>2090-01-01T00:00:00Z</endDate></getDeleted>"),
    ]  # fmt: skip

    assert [a.status for a in answers] == [200] * len(answers)
    assert alice.query("SELECT Nope FROM User").fault[0] == "sf:INVALID_FIELD"
