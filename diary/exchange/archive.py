"""A zip archive or a folder with tables, opened so that a hostile or broken one does no harm (trust.md 1.2)."""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO

from diary.exchange.problem import ImportStopped, error
from diary.kit.wording import _

MIB = 1024 * 1024

NOT_FOUND = error(_("Файл или папка не найдены."), _("Проверьте путь."))
NO_ACCESS = error(_("Файл не читается: {reason}."), _("Проверьте права на файл и диск."))
NOT_AN_ARCHIVE = error(
    _("Это не zip-архив и не папка."), _("Передайте выгрузку OneRoster одним zip-файлом или папкой с файлами CSV.")
)
BROKEN_ARCHIVE = error(_("Архив повреждён или передан не полностью."), _("Скачайте или выгрузите архив заново."))
TOO_LARGE = error(
    _("Распакованные файлы больше {limit} МиБ: похоже на «zip-бомбу» или не ту выгрузку."),
    _("Выгрузите данные заново; большую выгрузку разделите по школам."),
)
TOO_DENSE = error(
    _("Файл сжат более чем в {limit} раз: так сжимается «zip-бомба», а не список учеников."),
    _("Выгрузите данные заново и не открывайте этот архив."),
)
TOO_MANY = error(_("В архиве больше {limit} файлов."), _("Оставьте в архиве только файлы CSV одной выгрузки."))
ENCRYPTED = error(_("Файл в архиве защищён паролем."), _("Сохраните архив без пароля."))
UNSAFE_PATH = error(_("Путь файла в архиве ведёт за его пределы."), _("Такой архив опасен: выгрузите данные заново."))
SYMLINK = error(_("Вместо файла стоит ссылка на другой файл."), _("Замените ссылку самим файлом."))
TWICE = error(_("Файл встречается дважды ({first} и {second})."), _("Оставьте один из них."))
UNKNOWN_COMPRESSION = error(
    _("Способ сжатия файла не поддерживается."), _("Пересохраните архив обычным сжатием (Deflate).")
)
FILE_CHANGED = error(_("Файл изменился, пока его читали."), _("Дождитесь конца выгрузки и повторите."))

#: Files that desktop systems leave behind.
LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, UnicodeDecodeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an archive may hold: a district of 100,000 people unpacks to some 150 MiB and packs up to twentyfold."""

    unpacked: int = 500 * MIB
    entries: int = 100
    ratio: int = 200
    #: Below this size the ratio says nothing: a short file of commas packs well.
    ratio_counts_from: int = MIB
    #: The list of contents is read at once, so it has a limit of its own.
    directory: int = MIB


class _Measured(io.RawIOBase):
    """A file of the archive while it is unpacked: counts every byte against the archive's allowance."""

    def __init__(self, source: IO[bytes], name: str, spend: Callable[[int], None]) -> None:
        self._source = source
        self._name = name
        self._spend = spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._source.read(len(buffer))
        except RuntimeError as problem:
            raise ImportStopped(ENCRYPTED, file=self._name) from problem
        except _DAMAGE as problem:
            raise ImportStopped(BROKEN_ARCHIVE, file=self._name) from problem
        except OSError as problem:
            raise ImportStopped(NO_ACCESS, file=self._name, reason=problem.strerror or problem) from problem
        self._spend(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: its bare name, its place for messages and its declared size."""

    name: str
    place: str
    size: int
    _open: Callable[[], IO[bytes]] = field(repr=False, compare=False)
    _archive: Archive = field(repr=False, compare=False)

    def open(self) -> io.BufferedReader:
        """Open the file; reading it counts against the archive's limits and raises ImportStopped when it is broken."""
        spent = 0

        def spend(count: int) -> None:
            nonlocal spent
            spent += count
            if spent > self._archive.limits.unpacked:
                raise ImportStopped(TOO_LARGE, file=self.place, limit=self._archive.limits.unpacked // MIB)
            self._archive.advance(count)

        try:
            source = self._open()
        except NotImplementedError as problem:
            raise ImportStopped(UNKNOWN_COMPRESSION, file=self.place) from problem
        except RuntimeError as problem:
            raise ImportStopped(ENCRYPTED, file=self.place) from problem
        except _DAMAGE as problem:
            raise ImportStopped(BROKEN_ARCHIVE, file=self.place) from problem
        except OSError as problem:
            raise ImportStopped(FILE_CHANGED, file=self.place) from problem
        return io.BufferedReader(_Measured(source, self.place, spend), 64 * 1024)


@dataclass(slots=True)
class Archive:
    """The files of one import by bare name, and how many bytes were read of them."""

    name: str
    limits: Limits
    members: list[Member] = field(default_factory=list)
    #: Called with the number of bytes just read, for the progress bar.
    advance: Callable[[int], object] = int

    @property
    def size(self) -> int:
        """How many bytes all files hold unpacked, as the archive declares."""
        return sum(member.size for member in self.members)


class _BoundedFile(io.FileIO):
    """The zip file on disk; refuses to hand out a list of contents that would fill the memory."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path)
        self._limits = limits

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._limits.directory:
            raise ImportStopped(TOO_MANY, file=Path(str(self.name)).name, limit=self._limits.entries)
        return super().read(-1 if size is None else size)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def open_archive(path: Path, limits: Limits | None = None) -> Iterator[Archive]:
    """Open a zip file or a folder; raises ImportStopped with one clear problem when it must not or cannot be read."""
    limits = limits or Limits()
    archive = Archive(path.name or str(path), limits)
    with ExitStack() as stack:
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                _list_folder(archive, path)
            elif stat.S_ISREG(mode):
                _list_zip(archive, stack.enter_context(_BoundedFile(path, limits)), stack)
            else:
                raise ImportStopped(NOT_AN_ARCHIVE, file=archive.name)
        except (FileNotFoundError, NotADirectoryError) as problem:
            raise ImportStopped(NOT_FOUND, file=str(path)) from problem
        except OSError as problem:
            raise ImportStopped(NO_ACCESS, file=archive.name, reason=problem.strerror or problem) from problem
        _check_sizes(archive)
        yield archive


def _list_zip(archive: Archive, file: _BoundedFile, stack: ExitStack) -> None:
    if file.read(2) != b"PK":
        raise ImportStopped(NOT_AN_ARCHIVE, file=archive.name)
    file.seek(0)
    try:
        opened = stack.enter_context(zipfile.ZipFile(file))
        entries = opened.infolist()
    except NotImplementedError as problem:
        raise ImportStopped(UNKNOWN_COMPRESSION, file=archive.name) from problem
    except _DAMAGE as problem:
        raise ImportStopped(BROKEN_ARCHIVE, file=archive.name) from problem
    if len(entries) > archive.limits.entries:
        raise ImportStopped(TOO_MANY, file=archive.name, limit=archive.limits.entries)
    seen: set[str] = set()
    for entry in entries:
        _check_entry(archive.limits, entry)
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if entry.is_dir() or _is_litter(path):
            continue
        if str(path) in seen:
            raise ImportStopped(TWICE, file=archive.name, first=path, second=path)
        seen.add(str(path))
        archive.members.append(
            Member(path.name, str(path), entry.file_size, lambda entry=entry: opened.open(entry), archive)  # type: ignore[misc]
        )


def _check_entry(limits: Limits, entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":":
        raise ImportStopped(UNSAFE_PATH, file=name)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ImportStopped(SYMLINK, file=name)
    if entry.flag_bits & 0x1:
        raise ImportStopped(ENCRYPTED, file=name)
    dense = entry.file_size > limits.ratio * max(entry.compress_size, 1)
    if dense and entry.file_size > limits.ratio_counts_from:
        raise ImportStopped(TOO_DENSE, file=name, limit=limits.ratio)


def _is_litter(path: PurePosixPath) -> bool:
    return "__MACOSX" in path.parts or path.name.startswith("._") or path.name.lower() in LITTER


def _list_folder(archive: Archive, folder: Path) -> None:
    found = sorted(_tables(folder))
    inner = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    if not found and len(inner) == 1:
        found = sorted(_tables(inner[0]))
    if len(found) > archive.limits.entries:
        raise ImportStopped(TOO_MANY, file=archive.name, limit=archive.limits.entries)
    for path in found:
        if path.is_symlink():
            raise ImportStopped(SYMLINK, file=path.name)
        if not path.is_file():
            raise ImportStopped(NOT_AN_ARCHIVE, file=path.name)
        archive.members.append(
            Member(path.name, path.name, path.stat().st_size, lambda path=path: path.open("rb"), archive)  # type: ignore[misc]
        )


def _tables(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.suffix.lower() == ".csv" and not path.name.startswith("."))


def _check_sizes(archive: Archive) -> None:
    if archive.size > archive.limits.unpacked:
        raise ImportStopped(TOO_LARGE, file=archive.name, limit=archive.limits.unpacked // MIB)
