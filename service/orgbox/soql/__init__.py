"""SOQL: text and catalogue to statements. Nothing executes here; `org.query` does that:

    plans = soql.Plans(tables, limits)                         # once for an org's tables
    prepared = plans.prepare(text, catalog, viewer)            # parse, bind, compile; kept by shape
    plan, values = prepared.plan, prepared.values(org_number, clock.now())

    def run(statement, values):
        text, parameters = statement.on(connection.dialect.name, values)
        return connection.exec_driver_sql(text, parameters).fetchall()

    if plan.counts:                                            # SELECT COUNT() FROM …
        size = run(plan.count, values)[0][0]
    rows = run(plan.rows, values | {"limit": min(values["limit"], batch_size + 1)})
    if len(rows) > batch_size:                                 # more than a batch: a cursor
        ids = run(plan.ids, values)[0][0]                      # all of them, 18 characters each
        page = run(plan.page, values | {"ids": [ids[:18], …]}) # later pages, in no order
    answer = Answer(plan.shape, rows, size, locator)           # row[plan.root_id] is the Id

`values["limit"]` and `values["offset"]` are those of the query, or UNLIMITED and 0. `prepare` and
`prepared.values` raise QueryFault or ApiFault, with row, column and excerpt as the service writes
them.
"""

from orgbox.soql.binder import bind
from orgbox.soql.cache import Plans, Prepared
from orgbox.soql.compile import Plan, Statement, compile
from orgbox.soql.parser import parse
from orgbox.soql.viewer import Viewer

__all__ = ["Plan", "Plans", "Prepared", "Statement", "Viewer", "bind", "compile", "parse"]
