"""Accounts, sessions and the Viewer: who is asking, and whose data that person may see (D5, D11)."""
