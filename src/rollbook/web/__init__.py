"""The HTTP edge: ASGI, the guard, and what answers at each address."""
