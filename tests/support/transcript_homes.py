"""Homes with transcripts that tests write and extend."""

from pathlib import Path

from tests.support.line_format import LineFormat

FORMAT = LineFormat()


def put(home: Path, name: str, data: bytes) -> Path:
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def append(home: Path, name: str, data: bytes) -> None:
    with (home / name).open("ab") as file:
        file.write(data)


def text_of(*some: str) -> list[str]:
    return [f'[{{"type":"text","text":"{one}"}}]' for one in some]
