"""Dialect files from outside the package, as texts: those of a folder, and those that installed packages bring.

A package names them as entry points of the group ``rollbook.dialects``: each is a TOML text, or a path of a file
(``pathlib.Path``, or what ``importlib.resources.files`` gives). What stands in a file is judged elsewhere.
"""

from importlib.metadata import entry_points
from pathlib import Path

from rollbook.config.problems import ConfigError, Problem

GROUP = "rollbook.dialects"
Text = tuple[str, str]
"""What a file is called in messages, and what stands in it."""


def outside(folder: str) -> list[Text]:
    """The files of a folder (``""``: none) and of installed packages. **Raises** ``ConfigError``."""
    return [*_installed(), *(read_folder(folder) if folder else ())]


def read_folder(folder: str) -> list[Text]:
    """Every ``*.toml`` of a folder, by name. **Raises** ``ConfigError``."""
    path = Path(folder)
    if not path.is_dir():
        raise _wrong("dialects", f"there is no folder {path.absolute()}", "give a folder of dialect files")
    return [(str(file), _read(file)) for file in sorted(path.glob("*.toml"))]


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise _wrong(str(file), "cannot be read", "give a TOML file in UTF-8 that may be read") from None


def _installed() -> list[Text]:
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        name = f"{entry.value} ({GROUP}: {entry.name})"
        try:
            value = entry.load()
            text = value if isinstance(value, str) else value.read_text("utf-8-sig")
        except Exception as broken:  # it is another's code, and may fail in any way
            raise _wrong(
                name, f"cannot be loaded ({type(broken).__name__})", "mend that package, or remove it"
            ) from broken
        found.append((name, text))
    return found


def _wrong(name: str, detail: str, right: str) -> ConfigError:
    return ConfigError([Problem(name, "--dialects" if name == "dialects" else "dialect file", detail, right)])
