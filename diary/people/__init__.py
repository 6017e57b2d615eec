"""Pupils, guardians, the guardianship between them, and teachers."""
