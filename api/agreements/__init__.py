"""Delivery agreements: in which form, through what and when a family is informed (R1)."""
