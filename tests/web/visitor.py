"""Somebody who uses the console without a browser: cookies, forms with their tokens, pages as trees."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from lxml import html

from service import PASSWORD


@dataclass
class Page:
    """An answer of the console."""

    status: int
    path: str
    headers: Any
    body: bytes

    @property
    def tree(self) -> Any:
        return html.fromstring(self.body.decode())

    @property
    def main(self) -> str:
        """The text of the page's main part, blanks made one."""
        return " ".join(" ".join(self.tree.find(".//main").itertext()).split())

    def texts(self, xpath: str) -> list[str]:
        return [" ".join(" ".join(e.itertext()).split()) for e in self.tree.xpath(xpath)]

    def beside(self, field: str) -> str:
        """What is wrong with a field, as said beside it."""
        return " ".join(self.texts(f"//*[@id='{field}-wrong']"))

    def link(self, text: str) -> str:
        """Where a link with that text leads."""
        return str(self.tree.xpath(f"//a[normalize-space()='{text}']/@href")[0])

    def action(self, button: str, row: str = "") -> str:
        """Where the form of a button goes, in the table row that holds a text."""
        where = f"//tr[contains(., '{row}')]" if row else ""
        return str(self.tree.xpath(f"{where}//form[.//button[contains(., '{button}')]]/@action")[0])


class Visitor:
    """Visits the console at an address, with the headers given."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.http = requests.Session()
        self.http.headers.update({name.replace("_", "-"): value for name, value in headers.items()})

    def get(self, path: str, **options: Any) -> Page:
        return self._page(self.http.get(self.url + path, timeout=20, **options))

    def post(self, path: str, values: dict[str, str] | None = None, **options: Any) -> Page:
        """Send a form with the token that the console's pages carry."""
        return self.post_bare(path, {"csrf_token": self.token(), **(values or {})}, **options)

    def post_bare(self, path: str, values: dict[str, str], **options: Any) -> Page:
        return self._page(self.http.post(self.url + path, data=values, timeout=20, **options))

    def token(self) -> str:
        tree = html.fromstring(self.http.get(f"{self.url}/signin", timeout=20).text)
        return str(tree.xpath("//input[@name='csrf_token']/@value")[0])

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> "Page":
        return self.post("/signin", {"username": username, "password": password, **more})

    def _page(self, answer: requests.Response) -> Page:
        parts = urlsplit(answer.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return Page(answer.status_code, path, answer.headers, answer.content)
