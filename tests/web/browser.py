"""A real browser for the tests: Chromium and its driver from the system's packages, over loopback."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys as Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from service import PASSWORD

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en-US", "--force-color-profile=srgb",
)  # fmt: skip


def missing() -> str:
    """Why there is no browser to test with; empty if there is one."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed (scripts/install-browser.sh)" if absent else ""


@contextmanager
def chromium(profile: Path, size: str = "1200,850") -> Iterator[Any]:
    """A WebDriver on a new Chromium with an empty profile. Raises RuntimeError when there is none."""
    if why := missing():
        raise RuntimeError(why)
    os.environ["SE_AVOID_STATS"] = "true"
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*_FLAGS, f"--window-size={size}", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        yield driver
    finally:
        driver.quit()


class Person:
    """Somebody at the browser, who sees labels and buttons and no ids."""

    def __init__(self, driver: Any, url: str) -> None:
        self.driver = driver
        self.url = url
        driver.get(f"{url}/health")
        driver.delete_all_cookies()

    def open(self, path: str) -> None:
        self.driver.get(path if path.startswith("http") else self.url + path)

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        self.open("/signin")
        self.fill_in({"Username": username, "Password": password})
        self.press("Sign in")

    def fill_in(self, values: dict[str, str]) -> None:
        """Fields by their label."""
        for label, text in values.items():
            field = self._labelled(label)
            if field.tag_name == "select":
                Select(field).select_by_visible_text(text)
            else:
                field.clear()
                field.send_keys(text)

    def tick(self, label: str) -> None:
        self._labelled(label).click()

    def press(self, label: str) -> None:
        """A button, by its text; waits for the page that follows."""
        self._go(self.driver.find_element(By.XPATH, f"//button[normalize-space()={_quoted(label)}]"))

    def follow(self, text: str) -> None:
        """A link, by its text; waits for the page that follows."""
        self._go(self.driver.find_element(By.XPATH, f"//a[normalize-space()={_quoted(text)}]"))

    def _go(self, element: Any) -> None:
        before = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        WebDriverWait(self.driver, 30).until(lambda driver: _is_new(driver, before))

    @property
    def heading(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "h1").text)

    @property
    def text(self) -> str:
        return str(self.driver.find_element(By.TAG_NAME, "main").text)

    @property
    def complaints(self) -> list[str]:
        """What the browser itself objected to: blocked scripts and styles, errors of scripts."""
        ignored = ("favicon.ico", "status of 4")
        found = [entry["message"] for entry in self.driver.get_log("browser")]
        return [message for message in found if not any(part in message for part in ignored)]

    def _labelled(self, label: str) -> Any:
        xpath = f"//label[normalize-space(text())={_quoted(label)}]"
        name = self.driver.find_element(By.XPATH, xpath).get_attribute("for")
        return self.driver.find_element(By.ID, name)


def _is_new(driver: Any, before: Any) -> bool:
    now = driver.find_element(By.TAG_NAME, "html")
    return now != before and driver.execute_script("return document.readyState") == "complete"


def _quoted(text: str) -> str:
    return f'"{text}"'
