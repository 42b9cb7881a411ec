"""Mail: composed from templates, handed to an SMTP server. No database here: `org.outbox` keeps the mails."""
