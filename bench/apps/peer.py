"""scim2-server as its own documentation builds it: its ASGI application over its storage in memory.

Runs in an environment of its own (``bench/.cache``), so nothing of ours is imported here.
"""

from scim2_server.applications.asgi import ASGIApplication  # type: ignore[import-not-found]
from scim2_server.memory import AsyncInMemoryStorage  # type: ignore[import-not-found]
from scim2_server.utils import load_default_provider  # type: ignore[import-not-found]

app = ASGIApplication(AsyncInMemoryStorage(), load_default_provider())
