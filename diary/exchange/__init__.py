"""What comes from and goes to other systems: read safely, shown as a difference first, applied whole or not at all."""
