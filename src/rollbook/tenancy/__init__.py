"""Use cases of the operator: the life of a tenant, and what happened in it."""
