"""The API's limits as a value: strict by default, any figure can be swapped (SOAP API Call Limits page)."""

from orgbox.frozen import value


@value
class Limits:
    """Figures are counts unless the name says bytes, characters, seconds, minutes or days."""

    records_per_call: int = 200
    chunks_per_call: int = 10
    ids_per_retrieve: int = 2_000
    types_per_describe: int = 100
    login_bytes: int = 10 * 1024
    message_bytes: int = 50 * 1024 * 1024
    query_characters: int = 100_000
    batch_size: int = 2_000
    minimum_batch_size: int = 200
    query_string_characters: int = 4_000
    query_offset: int = 2_000
    search_records: int = 2_000
    cursor_days: int = 2
    old_cursor_minutes: int = 15
    old_cursors_per_user: int = 10
    api_requests_per_day: int = 15_000
    query_seconds: float = 30.0
    login_attempts: int = 10
    lockout_minutes: int = 15
    groups_per_user: int = 300
    subscriptions_per_user: int = 500


STRICT = Limits()
