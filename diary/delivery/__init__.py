"""How families decide and are informed: statements, decisions, contact points, letters and the outbox (R1, R2, R8)."""
