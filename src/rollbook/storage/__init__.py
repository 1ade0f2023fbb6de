"""What is kept, and how it is asked for: the contract (``contract``, ``records``) and the SQL engines under it."""
