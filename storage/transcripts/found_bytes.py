"""The bytes of a transcript that a format found, however its agent stores them."""

import contextlib
import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from storage.archive.byte_lines import ByteLines
from storage.archive.byte_sources import FileBytes, end_of_lines
from storage.archive.file_state import NO_STAT, FileKey, FileStat, FileState
from storage.compression import decompress_file
from storage.documents.formats.transcript_format import FoundTranscript

log = logging.getLogger("reprise.import")

MAX_COMPANION_BYTES = 64 * 2**20
"""Size beyond which a companion is not stored."""


class FoundBytes(NamedTuple):
    """The first `size` bytes of a transcript, which are whole lines unless it is rewritten as a whole."""

    read: Callable[[int, int], bytes]
    size: int
    stat: FileStat
    modified_at: datetime


@contextlib.contextmanager
def open_found(found: FoundTranscript) -> Iterator[FoundBytes]:
    """The bytes of a transcript. Raises OSError, also for what is no regular file."""
    if found.read is not None:
        data = found.read()
        yield FoundBytes(lambda start, count: data[start : start + count], len(data), NO_STAT, datetime.now(UTC))
        return
    with FileBytes(found.path) as file:
        stat = FileStat.of(file.stat)
        modified_at = datetime.fromtimestamp(file.stat.st_mtime, UTC)
        if found.is_compressed:
            with tempfile.TemporaryFile() as plain:
                size = decompress_file(file.read, stat.size, plain)

                def read(start: int, count: int) -> bytes:
                    plain.seek(start)
                    return plain.read(count)

                yield FoundBytes(read, _whole(found, read, size), stat, modified_at)
            return
        size = _whole(found, file.read, stat.size)
        yield FoundBytes(file.read, size, stat, modified_at)


def _whole(found: FoundTranscript, read: Callable[[int, int], bytes], size: int) -> int:
    return size if found.is_rewritten else end_of_lines(read, size)


def companion_key(found: FoundTranscript, name: str) -> FileKey:
    """The key of a companion in the registry of files."""
    return FileKey.of(found.companions[name], f"{found.name}//{name}")


def fingerprint(found: FoundTranscript) -> str:
    """A text that changes with the parts of a transcript that are outside its file: its database, or its excerpts."""
    if not found.excerpts:
        return found.fingerprint
    digest = hashlib.blake2b(digest_size=16)
    for name, data in sorted(found.excerpts.items()):
        digest.update(f"{name}\0{len(data)}\0".encode(errors="surrogateescape"))
        digest.update(data)
    return f"{found.fingerprint}:{digest.hexdigest()}"


def is_unchanged(found: FoundTranscript, registry: dict[FileKey, FileState]) -> bool:
    """Whether a transcript and its companions are as they were read last. Raises OSError."""
    state = registry.get(FileKey.of(found.path, found.name))
    if state is None or (found.has_excerpts_at_hand and state.fingerprint != fingerprint(found)):
        return False
    if found.read is None and FileStat.of(os.lstat(found.path)) != state.stat:
        return False
    return all(is_companion_unchanged(found, name, registry) for name in found.companions)


def is_companion_unchanged(found: FoundTranscript, name: str, registry: dict[FileKey, FileState]) -> bool:
    """Whether a companion is as it was read last, or is gone."""
    state = registry.get(companion_key(found, name))
    try:
        stat = FileStat.of(os.lstat(found.companions[name]))
    except OSError:
        return True
    return state is not None and state.stat == stat


class ReadCompanion(NamedTuple):
    """A companion as it was read. One that the registry of files has is there by `key`, with the state of its file."""

    name: str
    content: bytes
    key: FileKey | None
    stat: FileStat


def read_companions(found: FoundTranscript, opened: FoundBytes) -> list[ReadCompanion]:
    """All companions and excerpts of a transcript that can be read; the others are logged unless they are gone."""
    companions = [ReadCompanion(name, data, None, NO_STAT) for name, data in sorted(found.excerpts.items())]
    for name, path in sorted({**_named_files(found, opened), **found.companions}.items()):
        try:
            with FileBytes(Path(path)) as file:
                if file.stat.st_size > MAX_COMPANION_BYTES:
                    log.warning("%r is left out of its session: %d bytes are too many", str(path), file.stat.st_size)
                    continue
                content = file.read(0, file.stat.st_size)
                # A named file is written before the line that names it, so that only lines are looked at for changes.
                key = companion_key(found, name) if name in found.companions else None
                companions.append(ReadCompanion(name, content, key, FileStat.of(file.stat)))
        except FileNotFoundError:
            continue
        except OSError as error:
            # Quoted: reader processes write it to the terminal as it is.
            log.warning("%r is left out of its session: %s", str(path), error.strerror or error)
    return companions


def _named_files(found: FoundTranscript, opened: FoundBytes) -> dict[str, Path]:
    if found.named_files is None:
        return {}
    return found.named_files.found_in(line.data for line in ByteLines(opened.read, opened.size).lines())
