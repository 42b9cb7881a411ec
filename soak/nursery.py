"""A process that has loaded Orgbox and forks a service whenever it is told to: starting takes no second.

It reads a JSON object a line: `{"arguments": [...], "log": path}` starts the command and is answered by the
process id, `{"wait": id}` by the exit code once the process has ended.
"""

import json
import os
import signal
import sys

from orgbox import cli
from orgbox.web import site as site  # loaded by the first page, else in every service again


def main() -> None:
    """Serve until the input ends; then what still runs is killed."""
    running: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            running.discard(order["wait"])
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = _start(order["arguments"], order["log"])
            running.add(answer)
        print(answer, flush=True)
    for pid in running:
        os.killpg(pid, signal.SIGKILL)


def _start(arguments: list[str], log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    sys.stdin.close()
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code: object = 1
    try:
        cli.main(arguments)
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
