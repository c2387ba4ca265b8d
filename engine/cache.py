"""The user's cache folder: what was made once and may be lost at any time, each under a key that says all it depends on.

A folder that cannot be read or written only costs time. What is found is used only if it is whole, and only if it and its
folder belong to the user and nobody else can have written there.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

__all__ = ["Cache", "folder"]

KEPT = 200  # files; the oldest go
STALE = 3600  # seconds after which what an ended process has left half written is taken away


def folder() -> Path | None:
    """Where things are kept: $XDG_CACHE_HOME/synproof, or where the platform wants it; None if there is no such place."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(chosen):
        return Path(chosen, "synproof")
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "synproof", "cache")
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "synproof"


class Cache:
    """Files of one kind, in a folder of the cache (by default the user's)."""

    def __init__(self, kind: str, within: Path | None = None) -> None:
        within = within or folder()
        self.folder = None if within is None else within / kind

    def get(self, key: str) -> bytes | None:
        """What was put there, or None."""
        if self.folder is None:
            return None
        try:
            if not _is_mine(os.stat(self.folder)):
                return None
            with open(self._path(key), "rb") as file:
                if not _is_mine(os.fstat(file.fileno())):
                    return None
                digest, found = file.read(32), file.read()
        except OSError:
            return None
        return found if sha256(found).digest() == digest else None

    def put(self, key: str, content: bytes) -> None:
        """Keep something, if that is possible."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._clean()
            handle, name = tempfile.mkstemp(dir=self.folder, prefix="new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(sha256(content).digest() + content)
                os.replace(name, self._path(key))
            except BaseException:
                os.unlink(name)
                raise
        except OSError:
            pass  # only time is lost

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / sha256(key.encode()).hexdigest()

    def _clean(self) -> None:
        assert self.folder is not None
        found = sorted(((entry.stat().st_mtime, entry.path) for entry in os.scandir(self.folder)), reverse=True)
        for place, (written, path) in enumerate(found):
            if place >= KEPT or (os.path.basename(path).startswith("new-") and time.time() - written > STALE):
                os.unlink(path)


def _is_mine(found: os.stat_result) -> bool:
    """Whether a file or folder is the user's, and no other user may write there."""
    if not hasattr(os, "getuid"):
        return True  # the folder is in the user's profile, which the system protects
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
