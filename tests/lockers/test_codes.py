"""Every code that a rule about lockers refuses with is in the reference, with the status that it has."""

import ast
from collections.abc import Iterator
from pathlib import Path

import rollbook
from rollbook.system_api.reference import CODES

SOURCE = Path(rollbook.__file__).parent


def _codes() -> Iterator[str]:
    for folder in ("lockers", "storage", "system_api"):
        for path in (SOURCE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "LockerRefused":
                    code = node.args[0]
                    if isinstance(code, ast.Constant):
                        yield str(code.value)


def test_every_code_is_explained() -> None:
    assert set(_codes()) - CODES.keys() == set()
