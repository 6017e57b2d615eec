"""The staff's face: Piccolo Admin in Russian, kept to the staff member's schools by PostgreSQL itself (D10)."""
