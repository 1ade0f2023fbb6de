"""Rules of single dialects that data does not reach: values in, values out (``scim.rules``)."""
