"""Kill -9 under load, as `make soak` does by the thousand."""

from soak.kill import kill


def test_twenty_kills_lose_nothing_and_leave_nothing_half_done() -> None:
    figures = kill(20, 1, "", print)

    assert figures["rounds"] == 20
    assert figures["records acknowledged"] and figures["mails"] and figures["calls cut short"]
