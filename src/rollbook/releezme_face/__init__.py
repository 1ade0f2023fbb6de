"""The System API of Vecos Releezme, beside the dialect's SCIM: another face of the same operations on lockers."""
