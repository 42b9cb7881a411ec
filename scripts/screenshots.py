"""Makes the pictures of docs/console.md: `PYTHONPATH=tests python scripts/screenshots.py`."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/soap"), str(ROOT / "tests/web")]

from browser import Person, chromium  # noqa: E402

from service import Service, start_service  # noqa: E402

PAGES = {
    "home": "/home", "settings": "/setup/chatter", "users": "/setup/users", "new-user": "/setup/users/new",
    "people": "/people", "groups": "/groups", "invitations": "/invitations", "mailbox": "/mail",
    "mail": "/mail/2", "calls": "/calls", "call": "/calls/5",
    "soql": "/soql?q=SELECT+Id%2C+Name%2C+Owner.Name%2C+MemberCount%0AFROM+CollaborationGroup%0AORDER+BY+Name",
    "soql-error": "/soql?q=SELECT+Id%2C+Name%2C+Inviter.Name%0AFROM+CollaborationInvitation%0AWHERE+Status+%3D+%27Sent%27",
}  # fmt: skip
WIDTH, HEIGHT = 1120, 780


def main(folder: Path) -> None:
    """Fill an org with a little life and take a picture of every page."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        service = start_service(Path(place))
        try:
            live_a_little(service)
            with chromium(Path(place) / "profile", f"{WIDTH},{HEIGHT}") as driver:
                ada = Person(driver, service.url)
                ada.sign_in("admin@acme.com")
                for name, path in PAGES.items():
                    ada.open(path)
                    driver.save_screenshot(str(folder / f"{name}.png"))
                ada.open("/people/invite")
                ada.fill_in({"Email addresses": "dora@acme.com, eve@gmail.com\nfay", "Message": "Join us"})
                ada.press("Send")
                driver.save_screenshot(str(folder / "invite.png"))
        finally:
            service.stop()


def live_a_little(service: Service) -> None:
    """A few calls over SOAP, one of them refused."""
    alice = service.client("alice@acme.com")
    group = alice.query("SELECT Id FROM CollaborationGroup WHERE Name = 'All acme.com' LIMIT 1").text("Id")
    alice.create(
        "CollaborationInvitation", {"InvitedUserEmail": "bob@external.com", "SharedEntityId": group or "",
                                    "OptionalMessage": "See you in the group"},
    )  # fmt: skip
    alice.create("CollaborationInvitation", {"InvitedUserEmail": "carol@acme.com", "SharedEntityId": alice.user_id})
    alice.create("CollaborationInvitation", {"InvitedUserEmail": "x@gmail.com", "SharedEntityId": alice.user_id})
    alice.query("SELECT Id, InvitedUserEmail, Status FROM CollaborationInvitation")
    alice.query("SELECT Id, Inviter.Name FROM CollaborationInvitation")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/screenshots")
