"""Sheets on paper, from the printer to the family (R9)."""
