"""Dated lessons and what became of them: substitutions, moves and cancellations (R3.3, R3.4)."""
