"""Languages: how one product's SCIM is addressed, read and answered. Values in, values out."""
