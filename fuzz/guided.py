"""One target under atheris: `python -m fuzz.guided TARGET [libFuzzer's own flags and folders]`.

Instrumented before anything of the house is imported; an input that takes a second of processor time, also
when it is measured by itself, is as wrong as one that raises.
"""

import sys
import time

import atheris

with atheris.instrument_imports(include=["orgbox", "spyne"]):
    import orgbox.web.site  # noqa: F401  (the service imports it when first asked for a page)
    from fuzz.alone import MOST_SECONDS, seconds
    from fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer's flags say otherwise."""
    name = sys.argv.pop(1)
    check = TARGETS[name]()

    def one(data: bytes) -> None:
        began = time.thread_time()
        check(data)
        if time.thread_time() - began > MOST_SECONDS:
            assert seconds(name, data) < MOST_SECONDS, "slow"

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
