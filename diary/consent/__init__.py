"""The consent ledger: who decided what about whose data, when, on which document; rows are only added (R2, D5)."""
