"""``python -m rollbook`` is ``rollbook``."""

from rollbook.cli.main import run

run()
