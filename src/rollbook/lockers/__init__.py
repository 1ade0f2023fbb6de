"""Use cases of lockers: the structure, who may use what, who holds what, import and export."""
