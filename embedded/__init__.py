"""PostgreSQL, Valkey and the processes of `diary up`, held as children that die with their parent (D2)."""
