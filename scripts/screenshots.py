"""Makes the pictures of docs/console.md (`make screenshots`)."""

import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from browser import Person, chromium
from service import Service, start_service

WRONG = "SELECT Id, InvitedUserEmail, Inviter.Name\nFROM CollaborationInvitation\nWHERE Status = 'Sent'"
PAGES = {
    "settings": "/setup/chatter", "new-user": "/setup/users/new", "invitations": "/invitations",
    "mail": "/mail/2", "soql": f"/soql?q={quote(WRONG)}", "calls": "/calls", "call": "/calls/5",
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
    invited = (("bob@external.com", group), ("carol@acme.com", None), ("x@gmail.com", None))
    for address, entity in invited:
        values = {"InvitedUserEmail": address, "SharedEntityId": entity or alice.user_id}
        alice.create("CollaborationInvitation", values | {"OptionalMessage": "See you there"})
    alice.query("SELECT Id, InvitedUserEmail, Status FROM CollaborationInvitation")
    alice.query("SELECT Id, Inviter.Name FROM CollaborationInvitation")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
