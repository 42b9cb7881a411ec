"""Mail: composed from templates, handed to an SMTP server. Knows no database: `org.outbox` keeps the mails."""
