"""The families' and teachers' face on the web: pages that work without JavaScript (D12)."""
