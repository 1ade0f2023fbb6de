"""On which line things stand in TOML."""

import tomllib
from typing import Any

from rollbook.dialects.loading import catalog_sources
from rollbook.dialects.toml_lines import line_of, lines

TEXT = '''\
# name = "no"
name = "x" # [no]
"a.b" = 'c # d'
site."google.com".port = 1
text = """
[no]
no = 1 \\""" still \\
"""
raw = \'\'\'
no = 2\'\'\'
list = [ 1, # one, [
  "two, ]",
  { deep = [
    3 ], "k" = true },
]

[ pages . "first one" ]
most = 1979-05-27T07:32:00Z

[[shop]]
name = "a"

  [[shop.floor]]
  name = "a1"
  [shop.floor.door]
  open = true

[[shop]]
name = "b"
floor = [ { name = "b1" }, { name = "b2", door = { open = false } } ]
'''


def test_everything_has_its_line() -> None:
    found = lines(TEXT)
    assert {
        ("name",): 2,
        ("a.b",): 3,
        ("site", "google.com", "port"): 4,
        ("text",): 5,
        ("raw",): 9,
        ("list",): 11,
        ("list", 0): 11,
        ("list", 1): 12,
        ("list", 2, "deep", 0): 14,
        ("list", 2, "k"): 14,
        ("pages", "first one"): 17,
        ("pages", "first one", "most"): 18,
        ("shop", 0, "name"): 21,
        ("shop", 0, "floor", 0, "name"): 24,
        ("shop", 0, "floor", 0, "door", "open"): 26,
        ("shop", 1): 28,
        ("shop", 1, "name"): 29,
        ("shop", 1, "floor", 1, "door", "open"): 30,
    }.items() <= found.items()
    assert not any("no" in path for path in found)


def test_the_nearest_thing_around_it_stands_for_what_is_not_there() -> None:
    assert line_of(TEXT, ("shop", 1, "roof", "height")) == 28
    assert line_of(TEXT, ("nothing",)) == 0
    assert line_of("name = [", ("name",)) == 0


def test_whatever_tomllib_finds_in_the_files_of_the_package_has_a_line() -> None:
    def walk(value: Any, path: tuple[str | int, ...]) -> None:
        if path:
            assert path in found
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if type(value) is list else ():
            walk(inner, (*path, key))

    for source in catalog_sources():
        found = lines(source.text)
        walk(tomllib.loads(source.text), ())
