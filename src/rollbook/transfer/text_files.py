"""Which encoding the text of a file is in (the standard library's codecs; a byte order mark as in RFC 3629 §6)."""

import codecs
from typing import BinaryIO

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERWISE = "cp1252"


def encoding_of(file: BinaryIO) -> str:
    """The encoding of a whole file: what its mark says, else UTF-8 where all of it is, else windows-1252.

    **Rules**: a file that is UTF-8 but for a few lines is UTF-8: those lines are then bad rows. It is taken for
    windows-1252 where no single character beyond ASCII is well-formed UTF-8.
    """
    head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if len(head) == 4 and head[1] == 0 and head[3] == 0:
        return "utf-16-le"
    file.seek(0)
    well, ill = 0, 0
    decoder = codecs.getincrementaldecoder("utf-8")()
    for line in file:
        if line.isascii():
            continue
        decoder.reset()
        try:
            line.decode("utf-8")
            well += 1
        except UnicodeDecodeError:
            ill += 1
    return "utf-8" if well or not ill else _OTHERWISE


def decoded(content: bytes) -> str:
    """The text of a small file."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_OTHERWISE, "replace")


def has_escapes(text: str) -> bool:
    """Whether bytes that are no text were kept in it (``errors="surrogateescape"``)."""
    return any("\udc80" <= character <= "\udcff" for character in text)
