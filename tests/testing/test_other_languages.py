"""The examples of docs/testing.md for JUnit and Jest, run by what the JDK and Node.js bring.

JUnit's annotations are stood in for, node:test has the functions of Jest that the example uses, and jsforce
is the one of the client matrix.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orgbox.testing import serve

ROOT = Path(__file__).parents[2]
JSFORCE = ROOT / "clients/node-jsforce"
BOX = "http://127.0.0.1:8080"
NOT_RUN = 69  # how clients/needs.sh says that something cannot be had here
JAVA = """
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpClient;

public class Box {
    @interface BeforeEach {}
    @interface AfterEach {}

    EXAMPLE

    public static void main(String[] arguments) throws Exception {
        Box box = new Box();
        box.makeOrg();
        String login = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>"
            + "<login xmlns='urn:partner.soap.sforce.com'><username>alice@acme.com</username>"
            + "<password>orgbox1!</password></login></e:Body></e:Envelope>";
        var request = HttpRequest.newBuilder(URI.create(box.endpoint()))
            .header("Content-Type", "text/xml").header("SOAPAction", "''")
            .POST(HttpRequest.BodyPublishers.ofString(login)).build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
        box.removeOrg();
    }
}
"""
SCRIPT = """
const { afterEach, beforeEach, test } = require("node:test");
const jsforce = require("JSFORCE");
EXAMPLE
"""


def example(language: str, url: str) -> str:
    """The only example in a language, with another address."""
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    [found] = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    assert BOX in found
    return str(found.replace(BOX, url))


def ran(*command: str, key: str = "", folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A command run to its end, with the control key in its environment."""
    known = os.environ | {"ORGBOX_CONTROL_KEY": key}
    return subprocess.run(
        command, env=known, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.needs_java
def test_the_example_for_java_makes_an_org_for_a_test_and_removes_it(tmp_path: Path) -> None:
    if not shutil.which("java") and not os.environ.get("CI"):
        pytest.skip("not run: there is no java on this machine")
    with serve() as server:
        program = tmp_path / "Box.java"
        program.write_text(JAVA.replace("EXAMPLE", example("java", server.url)), "utf-8")
        run = ran("java", str(program), key=server.key)
        left = server.control.get("orgs")["orgs"]

    assert re.search(r"<sessionId>00D\w{12}!", run.stdout), run.stdout + run.stderr
    assert [org["name"] for org in left] == ["Acme"]


@pytest.mark.needs_node
def test_the_example_for_javascript_signs_in_to_an_org_of_its_own(tmp_path: Path) -> None:
    installed = ran("sh", "-c", ". ../needs.sh && node_library", folder=JSFORCE)
    if installed.returncode == NOT_RUN and not os.environ.get("CI"):
        pytest.skip(installed.stdout.strip())
    library = str(JSFORCE / "node_modules/jsforce")
    with serve() as server:
        script = tmp_path / "box.test.cjs"
        text = SCRIPT.replace("EXAMPLE", example("js", server.url))
        script.write_text(text.replace("JSFORCE", library), "utf-8")
        run = ran("node", "--test", "--test-reporter=tap", str(script), key=server.key)
        left = server.control.get("orgs")["orgs"]

    assert run.returncode == 0 and "# pass 1" in run.stdout, run.stdout + run.stderr + installed.stderr
    assert [org["name"] for org in left] == ["Acme"]
