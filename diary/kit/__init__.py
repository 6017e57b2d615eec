"""What every concept stands on: the clock, the database, the command, the refusal and the feed."""
