"""The domain of the school diary: rules, records and commands, with no web, worker or template code in it."""
