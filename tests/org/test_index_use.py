"""What SQLite makes of typical queries: an org has many rows, so their indexes must be used."""

from pathlib import Path

import pytest
from sqlalchemy import event

from orgbox.org import query, session
from postgres import only_sqlite
from service import start_service

pytestmark = only_sqlite

SELECT = "SELECT Id, Status FROM CollaborationInvitation"
INDEX = "INDEX ix_CollaborationInvitation_"
INDEXED = {
    f"{SELECT} WHERE InvitedUserEmail = 'a@acme.com'": f"{INDEX}InvitedUserEmail_ci ",
    f"{SELECT} WHERE InvitedUserEmail LIKE 'a%'": f"{INDEX}InvitedUserEmail_ci ",
    f"{SELECT} ORDER BY CreatedDate LIMIT 10": f"{INDEX}CreatedDate ",
    f"{SELECT} ORDER BY CreatedDate DESC LIMIT 10": f"{INDEX}CreatedDate ",
    f"{SELECT} WHERE Status = 'Sent'": f"{INDEX}Status ",
    f"{SELECT} WHERE Status = 'Sent' ORDER BY CreatedDate LIMIT 10": f"{INDEX}CreatedDate ",
    "SELECT COUNT() FROM CollaborationInvitation": "COVERING INDEX ",
    "SELECT Status, COUNT(Id) FROM CollaborationInvitation GROUP BY Status": f"COVERING {INDEX}Status ",
}


@pytest.mark.parametrize("text", INDEXED)
def test_a_typical_query_is_answered_by_an_index(text: str, tmp_path: Path) -> None:
    service = start_service(tmp_path)
    client = service.client("alice@acme.com")
    org = service.app.orgs.all()[0]
    plans: list[str] = []

    def explain(connection, _cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        raw = connection.connection.driver_connection
        plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with org.store.database.read() as connection:
        signed_in = session.resume(connection, org, client.session_id, 66)
        event.listen(org.store.database.engine, "before_cursor_execute", explain)
        query.run(signed_in, signed_in.catalog, text, 2_000)
    service.stop()

    assert any(INDEXED[text] in step for step in plans), plans
