"""The GraphQL face: it translates documents into the domain's queries and commands, and decides nothing itself."""
