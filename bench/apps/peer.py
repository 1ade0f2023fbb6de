"""scim2-server as its own documentation builds it: its ASGI application over its storage in memory.

Runs in an environment of its own (``bench/.cache``), so nothing of ours is imported here.
"""

from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage
from scim2_server.utils import load_default_provider

app = ASGIApplication(AsyncInMemoryStorage(), load_default_provider())
