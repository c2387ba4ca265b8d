"""The command line of these tests finds a catalogue of doors where the installed one would be."""

from __future__ import annotations

import importlib.metadata
from types import SimpleNamespace

import pytest

from .fake import FakeCatalogue


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> FakeCatalogue:
    """The catalogue that the command line finds."""
    catalogue = FakeCatalogue()
    real = importlib.metadata.entry_points

    def entry_points(**wanted: str) -> object:
        if wanted.get("group") == "synproof.catalogue":
            return [SimpleNamespace(name="doors", load=lambda: catalogue)]
        return real(**wanted)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    return catalogue
