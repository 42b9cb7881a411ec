"""What users left with the service: passwords, sessions, tokens, cursors."""

from collections.abc import Iterator

from sqlalchemy import func, select

from orgbox.inspection.view import View, some

_OF_USERS = (
    "orgbox_credential", "orgbox_session", "orgbox_console_session", "orgbox_refresh", "orgbox_cursor",
)  # fmt: skip
_CHUNK = 2_000 * 18


def what_users_left_is_a_users(view: View) -> Iterator[str]:
    """Passwords, sessions, tokens and cursors belong to users of the org."""
    users = view.table("User")
    for name in _OF_USERS:
        table = view.table(name)
        known = select(users.c.Id).where(users.c.org == table.c.org, users.c.Id == table.c.user_id)
        statement = select(table.c.user_id).where(table.c.org == view.org.number, ~known.exists())
        if found := {row.user_id for row in view.rows(statement)}:
            yield f"{name}: of users that are not there: {some(sorted(found))}"


def cursors_are_whole(view: View) -> Iterator[str]:
    """A cursor has the Ids of all the records it counts, and no Ids are of no cursor."""
    cursors, chunks = view.table("orgbox_cursor"), view.table("orgbox_cursor_chunk")
    kept = (
        select(chunks.c.cursor, func.count().label("count"), func.max(chunks.c.number).label("last"),
               func.sum(func.length(chunks.c.ids)).label("length"))
        .where(chunks.c.org == view.org.number).group_by(chunks.c.cursor)
    )  # fmt: skip
    found = {row.cursor: (row.count, row.last, row.length) for row in view.rows(kept)}
    sizes = select(cursors.c.id, cursors.c.size).where(cursors.c.org == view.org.number)
    wrong = [row.id for row in view.rows(sizes) if found.pop(row.id, None) != _expected(row.size)]
    if wrong:
        yield f"orgbox_cursor: not all Ids of {some(wrong)}"
    if found:
        yield f"orgbox_cursor_chunk: Ids of no cursor: {some(sorted(found))}"


def _expected(size: int) -> tuple[int, int, int]:
    """Chunks, number of the last one, and characters in all."""
    count = -(-18 * size // _CHUNK)
    return count, count - 1, 18 * size
