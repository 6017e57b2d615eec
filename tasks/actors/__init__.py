"""What workers do, one module for each kind of outbox row: take an id, claim the row, act, record; no rules here."""
