"""The append-only trail: PostgreSQL's triggers write it, whichever route changed a record (D10, R4.2)."""
