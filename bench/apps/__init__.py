"""Applications that are measured beside rollbook, each loaded by uvicorn."""
