"""The use cases of SCIM (RFC 7644 §3), one room for each heading; ``perform`` leads to them."""
