"""The forms of the protocol on the wire, one room for each version."""
