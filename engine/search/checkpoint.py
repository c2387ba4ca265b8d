"""Checkpoints: how far a search has come, kept in a folder, so that a later one goes on from there.

What only grows (the states and the positions of their parents) is appended to two files; the rest is in a third, which is
replaced as a whole once what it speaks of is on the disk. So a process that ends at any moment leaves the checkpoint before;
what lies behind the end that the third file tells is written anew. Checksums tell what was damaged.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from ..errors import SynproofError

__all__ = [
    "NONE", "PAGE", "CheckpointDamaged", "CheckpointExists", "CheckpointNotKept", "CheckpointOfAnother", "Keeper", "Page",
    "Saved",
]  # fmt: skip

Page: TypeAlias = tuple[Any, Any]  # octets of states, and of the positions of their parents

FORMAT = 1
PAGE = 1 << 16  # states that are read or written at once
LITTLE = 1 << 23  # octets that are quickly written, on any disk
PARENT = 4  # octets of the position of a parent
NONE = (1 << 32) - 1  # the parent of an initial state
COUNTS, STATES, PARENTS = "checkpoint.json", "states", "parents"
BEGUN = f"{COUNTS}.new"  # from the beginning to the first checkpoint, and while another is written


class CheckpointDamaged(SynproofError):
    """A folder that holds no checkpoint, or one that is not whole."""

    exit_code = 150


class CheckpointOfAnother(SynproofError):
    """A checkpoint of another model, or of other properties."""

    exit_code = 151


class CheckpointExists(SynproofError):
    """A folder in which no checkpoint can be begun: it has one already, or files of others."""

    exit_code = 2


class CheckpointNotKept(SynproofError, OSError):
    """The system refuses to read or write in the folder: no permission, no room."""

    exit_code = 153


@dataclass
class Saved:
    """What a search knows beside its states. Findings: property -> position and label."""

    known: int
    expanded: int
    transitions: int
    overflows: int
    taken: list[int]
    lack: list[int]
    level_starts: list[int]
    level_end: int
    findings: dict[str, tuple[int, int | None]]


class Keeper:
    """Writes checkpoints of one search into a folder.

    `what` is a hash of what is searched, and for what; a state is `width` octets.

    Raises CheckpointExists if there is one already, and with `resume` CheckpointDamaged or CheckpointOfAnother if there is none
    that this search can go on from. What the system refuses is CheckpointNotKept.
    """

    def __init__(self, folder: str | Path, what: str, width: int, resume: bool = False, every: float = 30.0) -> None:
        self.folder, self.what, self.width, self.every = Path(folder), what, width, every
        self.written, self.digests = 0, [sha256(), sha256()]
        self.saved: Saved | None = None
        self.torn = False  # whether the writing was interrupted: then the digests are those of nothing
        self.last = time.monotonic()
        option, other = ("--resume", "begin anew") if resume else ("--checkpoint", "name another folder")
        try:
            self._take(resume)
        except OSError as error:
            advice = f"{other}, or leave out {option}"
            raise CheckpointNotKept(
                f"{option} {self.folder}: {_reason(error)}; checkpoints cannot be read and written there: {advice}"
            ) from error

    def _take(self, resume: bool) -> None:
        """Take possession of the folder, and open its files."""
        if resume:
            self.saved = self._read()
        elif (self.folder / COUNTS).exists():
            raise CheckpointExists(
                f"{self.folder} holds a checkpoint already: go on from it with --resume {self.folder}, or name another folder"
            )
        else:
            self._begin()
        with suppress(FileNotFoundError):
            os.unlink(self.folder / BEGUN)
        if not resume:
            (self.folder / BEGUN).touch(exist_ok=False)
        self.files = [self._open(name) for name in (STATES, PARENTS)]

    def _begin(self) -> None:
        """Make the folder. What is in it stays, unless it was left by a search that ended before its first checkpoint."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise CheckpointExists(f"{self.folder} is no folder: name one in which checkpoints can be kept") from None
        for name in (STATES, PARENTS):
            path = self.folder / name
            if path.is_symlink() or (path.exists() and not (self.folder / BEGUN).is_file()):
                raise CheckpointExists(f"{path} belongs to no checkpoint and was left as it is: name another folder")

    # -- writing ---------------------------------------------------------------------------------------------------
    @property
    def is_due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self.last > self.every

    def is_little(self, known: int) -> bool:
        """Whether a checkpoint can be written in a moment: nothing is unread, and little unwritten."""
        if self.torn or self.saved is not None and self.written < self.saved.known:
            return False
        return (known - self.written) * (self.width + PARENT) < LITTLE

    def save(self, saved: Saved, pages: Iterable[Page], pause: Callable[[], None] = lambda: None) -> None:
        """Write a checkpoint. The pages are the octets of the states that are not `written` yet, and of their parents.

        `pause` is called now and then. If it raises, the checkpoint before stands, and no further one can be written.
        """
        try:
            self.torn = True
            self._append(pages, pause)
            self.torn = False
            self._replace(saved)
        except OSError as error:
            stands = "there is none yet"
            if (self.folder / COUNTS).exists():
                stands = f"the one before stands: go on from it with --resume {self.folder}"
            raise CheckpointNotKept(
                f"{self.folder}: {_reason(error)}; no checkpoint could be written, so the search was ended; {stands}"
            ) from error
        self.last = time.monotonic()

    def _append(self, pages: Iterable[Page], pause: Callable[[], None]) -> None:
        new = 0
        for page in pages:
            for file, digest, octets in zip(self.files, self.digests, page, strict=True):
                file.write(octets)
                digest.update(octets)
                new += memoryview(octets).nbytes
            if new > LITTLE:
                self._flush()
                new = 0
            pause()
        self._flush()

    def _flush(self) -> None:
        """See to it that what was written is on the disk."""
        for file in self.files:
            file.flush()
            os.fsync(file.fileno())

    def _replace(self, saved: Saved) -> None:
        self.written = saved.known
        content = {"format": FORMAT, "what": self.what, "digests": [d.hexdigest() for d in self.digests], **asdict(saved)}
        new = self.folder / BEGUN
        with open(new, "w", encoding="ascii") as text:
            json.dump({"sha256": _digest(content), **content}, text)
            text.flush()
            os.fsync(text.fileno())
        os.replace(new, self.folder / COUNTS)
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)

    def close(self) -> None:
        """No more checkpoints."""
        for file in self.files:
            with suppress(OSError):  # of the last one everything is on the disk; what comes after it may be lost
                file.close()

    def _open(self, name: str) -> BinaryIO:
        """A file that goes on where the checkpoint ends."""
        path, size = self.folder / name, 0
        if self.saved is not None:
            size = self.saved.known * (self.width if name == STATES else PARENT)
            if not path.exists() or path.stat().st_size < size:
                raise self._damaged(f"the end of its {name} is missing")
        file = open(path, "ab")  # noqa: SIM115 (it stays open)
        try:
            _lock(file)
            file.truncate(size)
        except BaseException:
            file.close()
            raise
        return file

    # -- reading ---------------------------------------------------------------------------------------------------
    def _read(self) -> Saved:
        for name in (COUNTS, STATES, PARENTS):
            path = self.folder / name
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise self._damaged(f"{name} is no file of its own")
        try:
            content = json.loads((self.folder / COUNTS).read_text(encoding="ascii"))
        except FileNotFoundError:
            raise CheckpointDamaged(f"{self.folder} holds no checkpoint: there is no {COUNTS}") from None
        except NotADirectoryError:
            raise CheckpointDamaged(f"{self.folder} holds no checkpoint: it is no folder") from None
        except ValueError:
            raise self._damaged(f"{COUNTS} is no JSON text") from None
        if not isinstance(content, dict) or content.pop("sha256", "") != _digest(content):
            raise self._damaged(f"{COUNTS} is not as it was written")
        if content.pop("format") != FORMAT:
            raise CheckpointDamaged(f"{self.folder}: the checkpoint was written by another version of synproof")
        if content.pop("what") != self.what:
            raise CheckpointOfAnother(
                f"{self.folder}: the checkpoint belongs to another model, other settings or other properties; "
                "give those with which it was written"
            )
        self._expected = content.pop("digests")
        found = {name: (state, label) for name, (state, label) in content.pop("findings").items()}
        return Saved(findings=found, **content)

    def pages(self) -> Iterator[Page]:
        """The octets of the states and of their parents, page by page. Raises CheckpointDamaged, at the end at the latest."""
        assert self.saved is not None
        with open(self.folder / STATES, "rb") as states, open(self.folder / PARENTS, "rb") as parents:
            for start in range(0, self.saved.known, PAGE):
                count = min(PAGE, self.saved.known - start)
                page = states.read(count * self.width), parents.read(count * PARENT)
                for digest, octets in zip(self.digests, page, strict=True):
                    digest.update(octets)
                yield page
        if [digest.hexdigest() for digest in self.digests] != self._expected:
            raise self._damaged("its states or parents are not as they were written")
        self.written = self.saved.known

    def _damaged(self, what: str) -> CheckpointDamaged:
        return CheckpointDamaged(f"{self.folder}: the checkpoint is damaged: {what}; begin anew, in another folder")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _digest(content: Mapping[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _lock(file: BinaryIO) -> None:
    """Keep other processes away, where the system can do that; the lock goes with the process."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CheckpointExists(f"{file.name} is in use: another search writes its checkpoints there") from None
