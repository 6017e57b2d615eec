"""Made-up exports: the sample folders, changed by a test and packed as a zip or a folder."""

from __future__ import annotations

import zipfile
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples" / "oneroster"


class Export:
    """The files of one export; a test changes them and writes them where the import looks."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @classmethod
    def sample(cls, name: str = "school_1p1") -> Export:
        return cls({path.name: path.read_bytes() for path in (SAMPLES / name).glob("*.csv")})

    @classmethod
    def of(cls, **tables: str) -> Export:
        return cls({f"{name}.csv": text.encode() for name, text in tables.items()})

    def replace(self, file: str, old: str, new: str, *, count: int = -1) -> Export:
        text = self.files[file].decode()
        assert old in text, f"{file} holds no {old!r}"
        self.files[file] = text.replace(old, new, count).encode()
        return self

    def append(self, file: str, *lines: str) -> Export:
        self.files[file] = self.files[file] + "".join(f"{line}\n" for line in lines).encode()
        return self

    def without(self, *files: str) -> Export:
        for file in files:
            del self.files[file]
        return self

    def without_line(self, file: str, start: str) -> Export:
        lines = self.files[file].decode().splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(start)]
        assert len(kept) < len(lines), f"{file} has no line that starts with {start!r}"
        self.files[file] = "".join(kept).encode()
        return self

    def header_only(self, file: str) -> Export:
        self.files[file] = self.files[file].splitlines(keepends=True)[0]
        return self

    def zip(self, path: Path, *, folder: str = "") -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(folder + name, content)
        return path

    def folder(self, path: Path) -> Path:
        path.mkdir(parents=True)
        for name, content in self.files.items():
            (path / name).write_bytes(content)
        return path
