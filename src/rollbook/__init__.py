"""rollbook: one SCIM server that speaks every provider's dialect.

The floors of the house, from the ground up, are drawn in ``docs/architecture.md``; ``import-linter`` holds them.
"""

__version__ = "0.1.0"
