"""The import order of the house, and what each layer may know of the outside."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "service" / "orgbox"
LAYERS = (
    ("frozen",),
    ("errors", "ids", "clock", "baton", "memory", "limits", "config", "logs", "metrics", "control", "tools"),
    ("catalog",),
    ("soql", "mail"),
    ("org",),
    ("web", "soap", "rules"),
    ("http", "inspection"),
    ("app", "org_commands", "flags"),
    ("data_commands", "wsdl_command", "process"),
    ("service_commands", "check_command", "schema_commands", "secure_command"),
    ("cli", "testing"),
    ("__main__",),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
OUTSIDE = {
    "spyne": ("soap",),
    "lxml": ("soap",),
    "flask": ("web",),
    "prometheus_client": ("web",),
    "waitress": ("http",),
    "cryptography": ("http", "org/assertion.py"),
    "sqlalchemy": ("org", "soql/compile", "catalog/fieldtypes.py", "rules", "inspection", "process.py",
                   "check_command.py", "soap/request.py", "soap/service.py"),
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_layers_below_its_own(path: Path) -> None:
    own = part(path)
    known = [name.split(".")[1] for name in imports(path) if name.startswith("orgbox.")]

    wrong = [name for name in known if name != own and own in LEVEL and LEVEL[name] >= LEVEL[own]]

    assert not wrong, f"{own} imports {wrong}"


@pytest.mark.parametrize("library", OUTSIDE)
def test_a_library_is_known_only_where_it_belongs(library: str) -> None:
    allowed = OUTSIDE[library]

    users = [
        str(path.relative_to(PACKAGE))
        for path in modules()
        if any(name.split(".")[0] == library for name in imports(path))
    ]

    assert users and all(user.startswith(allowed) for user in users), users
