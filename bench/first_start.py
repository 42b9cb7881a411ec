"""The first service of a test process, everything imported: `python -m bench.first_start` prints its times.

JSON, in seconds: [wall until it listens, CPU until then, wall until the first login is answered].
"""

import json
import time
from urllib.parse import urlsplit

from bench.load import Connection
from bench.workloads import LOGIN, Data
from orgbox.testing import serve

began, busy = time.perf_counter(), time.process_time()
with serve() as server:
    listening, cpu = time.perf_counter() - began, time.process_time() - busy
    connection = Connection(urlsplit(server.url).port or 0)
    LOGIN.check(connection.call(LOGIN.request(Data("", ()), 0)).body)
    answered = time.perf_counter() - began
    connection.close()
print(json.dumps([listening, cpu, answered]))
