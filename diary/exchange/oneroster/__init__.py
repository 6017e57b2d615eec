"""OneRoster 1.1 and 1.2 in CSV: its tables, what real exports make of them, and what they mean for a Russian school."""
