"""What Orgbox is measured against: small servers of our own, each on a common SOAP library.

Every one parses the envelope, looks the session up in its database, keeps records in SQLite in WAL mode
and commits them to disk before it answers, just as Orgbox does. None has rules, versions, permissions,
mail or a SOQL that understands more than the queries of the workloads.
"""
