"""The worker face: letters, sheets and the clock; an outbox row owes each act, a claim lets it happen (D7, D8)."""
