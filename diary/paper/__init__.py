"""Sheets on paper: print jobs from the request to the hand-over (R3.10, R9)."""
