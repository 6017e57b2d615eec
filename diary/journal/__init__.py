"""The journal: marks, attendance and homework, with every correction kept (R3.2, R3.8, R4.2)."""
