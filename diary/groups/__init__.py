"""Classes, study groups, streams and individual curricula's groups: who learns with whom, who teaches (R3.6)."""
