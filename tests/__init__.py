"""Tests through public surfaces, against real servers."""
