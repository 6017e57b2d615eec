"""The cast, the school they live in, and the clients they use."""
