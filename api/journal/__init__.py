"""The diary week, marks, and the live feed of a pupil's diary (R3)."""
