"""What all tests share: the settings of hypothesis."""

from __future__ import annotations

from hypothesis import settings

# By default the same examples on every run and machine, and no deadline: a slow machine is no failure.
# `pytest --hypothesis-profile=search` looks for new ones.
settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")
