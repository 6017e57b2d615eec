"""Registering and withdrawing consents (R2)."""
