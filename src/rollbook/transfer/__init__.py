"""The transfer client: keeps a SCIM service in step with a directory. It reaches servers over HTTP only."""
