"""Records in and out of any org that speaks the SOAP API, this service's or not: what the commands do."""
