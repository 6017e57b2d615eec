"""Checking enhanced and qualified electronic signatures of the documents that families sign (63-FZ, R2.1)."""
