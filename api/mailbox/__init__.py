"""The mailbox inside the system (R3.1)."""
