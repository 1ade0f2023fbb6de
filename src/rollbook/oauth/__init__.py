"""OAuth 2.0 as values: messages are read, decisions made, answers written. No IO, no clock, no chance, no key."""
