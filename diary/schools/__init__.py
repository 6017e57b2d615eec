"""Schools with their years, grading periods, bells, holidays and subjects (R3.7)."""
