"""What families are owed, by when, and how it was met (D6)."""
