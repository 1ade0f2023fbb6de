"""The System API: lockers over HTTP, in FastAPI. Who calls is known before (``web.system_endpoint``)."""
