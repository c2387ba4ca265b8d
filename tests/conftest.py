"""What all tests share: the settings of hypothesis, and a clock."""

from __future__ import annotations

import pytest
from hypothesis import settings

from .clock import Clock

# By default the same examples on every run and machine, and no deadline: a slow machine is no failure.
# `pytest --hypothesis-profile=search` looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of this test, which stands still unless the test moves it."""
    found = Clock()
    monkeypatch.setattr("time.monotonic", found)
    return found
