"""Settings: what an operator may choose, where the choice was made, and what is said when it cannot be.

``settings`` holds every setting with its default and its reason; ``sources`` gathers them from the command line, the
environment, one TOML file and the defaults; ``database_url`` reads the address of the database. Nothing here opens
anything but that one file.
"""

from rollbook.config.database_url import DatabaseUrl
from rollbook.config.problems import ConfigError, Problem
from rollbook.config.settings import Settings
from rollbook.config.sources import Loaded, load

__all__ = ["ConfigError", "DatabaseUrl", "Loaded", "Problem", "Settings", "load"]
