"""The protocol core (RFC 7643, RFC 7644): values in, values out. No input or output of any kind lives here."""
