"""Rules a user brings: a Python module with a mapping RULES of its own (docs/rules.md)."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from orgbox.org.rulebook import NO_RULES, Rules, joined


def with_own(rules: Mapping[str, Rules], module: str) -> dict[str, Rules]:
    """Rules and, after them, those of a module: its name, or a file `*.py`. Raises ValueError."""
    try:
        found = _load(module)
    except ImportError as error:
        raise ValueError(f"rules: {error}") from error
    except Exception as error:  # the module is the user's
        raise ValueError(f"rules: {module}: {type(error).__name__}: {error}{_line_of(error)}") from error
    own = getattr(found, "RULES", None)
    if not isinstance(own, Mapping) or not all(isinstance(r, Rules) for r in own.values()):
        raise ValueError(f"rules: {module} has no RULES, a mapping of SObject names to Rules")
    return {**rules, **{name: joined(rules.get(name, NO_RULES), more) for name, more in own.items()}}


def _line_of(error: Exception) -> str:
    """Where an error was raised; one of syntax says so itself."""
    last = extract_tb(error.__traceback__)[-1]
    return "" if isinstance(error, SyntaxError) else f" ({Path(last.filename).name}, line {last.lineno})"


def _load(module: str) -> ModuleType:
    if not module.endswith(".py"):
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
        return importlib.import_module(module)
    spec = importlib.util.spec_from_file_location(f"orgbox_rules_{Path(module).stem}", module)
    if spec is None or spec.loader is None or not Path(module).is_file():
        raise ImportError(f"there is no file {module}")
    made = sys.modules[spec.name] = importlib.util.module_from_spec(spec)  # dataclasses look there
    spec.loader.exec_module(made)
    return made
