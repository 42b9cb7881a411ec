"""Makes Spyne 2.14 (February 2022) import quietly on Python 3.11 to 3.13. Import this before Spyne.

Spyne carries an old copy of `six`, whose `six.moves` importer Python 3.12 no longer accepts. A full
dotted name found in `sys.modules` is used without that importer, so the standard modules are
registered under the names by which Spyne's servers ask for them. Spyne also uses one function of `cgi`,
which left the standard library in 3.13; the distribution `legacy-cgi`, a dependency there, has it.
"""

import collections.abc
import http.cookies
import importlib
import sys
import urllib.parse
import warnings
from typing import Any

for _name, _module in {
    "collections_abc": collections.abc,
    "http_cookies": http.cookies,
    "urllib.parse": urllib.parse,
}.items():
    sys.modules.setdefault(f"spyne.util.six.moves.{_name}", _module)

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "_SixMetaPathImporter", ImportWarning)
    warnings.filterwarnings("ignore", "'cgi' is deprecated", DeprecationWarning)
    importlib.import_module("cgi")
    _const: Any = importlib.import_module("spyne.const")

# Of no use any more, and on 3.11 it would make every later import that fails warn.
sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != "spyne.util.six"]

# Spyne would run a full garbage collection once a second, inside a request.
_const.MIN_GC_INTERVAL = float("inf")
