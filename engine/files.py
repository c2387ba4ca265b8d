"""Files: written as a whole or not at all, and never over another file unless that is asked for."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from .errors import SynproofError

__all__ = ["FileExists", "FileNotWritten", "NoFileName", "refuse_existing", "write_text"]


class FileNotWritten(SynproofError, OSError):
    """A file could not be written (no room, no permission, no such folder); nothing of it is left behind."""

    exit_code = 153


class FileExists(FileNotWritten):
    """There is a file of this name already, and nobody said that it may be replaced."""

    exit_code = 2


class NoFileName(FileNotWritten):
    """What is given as the name of a file is none: it is empty, or a folder's."""

    exit_code = 2


def write_text(path: str | os.PathLike[str], text: str, *, overwrite: bool = False) -> None:
    """Write a text file (UTF-8) in one step: whoever looks sees the old file or the new one, never a part.

    Raises FileExists if the file is there and `overwrite` is off, FileNotWritten for whatever the system refuses.
    """
    try:
        if not os.fspath(path):
            raise NoFileName("the name of a file is needed, and it is empty")
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise NoFileName(f"{path} is a folder; give the name of a file")
        if target.exists() and not target.is_file():  # a device or a pipe must not be replaced by a file
            with open(target, "wb") as device:
                device.write(text.encode())
            return
        if target.exists() and not overwrite:
            raise _exists(path)
        _write_beside(target, text.encode(), path, overwrite)
    except FileNotWritten:
        raise
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileNotWritten(f"{path} cannot be written: {reason}; nothing was saved") from error


def refuse_existing(path: str | os.PathLike[str]) -> None:
    """Raises FileExists if a file of that name is there (a device may be written to)."""
    if os.path.isfile(path):
        raise _exists(path)


def _exists(path: str | os.PathLike[str]) -> FileExists:
    return FileExists(f"{path} exists already and was left as it is; choose another name, or remove it first")


def _write_beside(target: Path, content: bytes, path: str | os.PathLike[str], overwrite: bool) -> None:
    part = target.with_name(f".synproof-{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(part, target)
        else:
            _place_new(part, target, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    _sync_folder(target.parent)


def _place_new(part: Path, target: Path, path: str | os.PathLike[str]) -> None:
    """Give the finished file its name, unless another file has got it in the meantime."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise _exists(path) from None
    except OSError:  # a file system without links
        if target.exists():
            raise _exists(path) from None
        os.replace(part, target)


def _sync_folder(folder: Path) -> None:
    """Make the new name last; where folders cannot be opened, it is left to the system."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
