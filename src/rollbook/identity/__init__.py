"""Who calls, and for which tenant: credentials, principals, authentication."""
