"""What a call leaves behind in memory."""

import gc

from inviting import invite
from orgbox.soap.reader import RawRecord
from service import Client


def test_what_a_call_held_is_free_at_its_end_without_looking_for_garbage(alice: Client) -> None:
    gc.collect()
    gc.disable()
    try:
        invite(alice, *(f"u{n}@acme.com" for n in range(200)))
        left = [one for one in gc.get_objects() if isinstance(one, RawRecord)]
    finally:
        gc.enable()

    assert left == []
