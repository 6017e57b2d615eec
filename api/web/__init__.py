"""What every answer of the web process has: security headers, probes, counters and the query page."""
