"""Contact points: the addresses that a family has given, and the codes that confirm them (R8)."""
