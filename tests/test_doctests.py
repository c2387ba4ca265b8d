"""Runs the examples in the docstrings of all rooms.

`pytest --doctest-modules` would import each file by its path, as `engine.x` beside `synproof.engine.x`: a second copy
of every class, equal to nothing the example imports.
"""

from __future__ import annotations

import doctest
import importlib

import pytest

from .house import ROOMS, modules_of


@pytest.mark.parametrize("name", [module.name for module in modules_of(*ROOMS) if ">>> " in module.text])
def test_examples_of(name: str) -> None:
    failed, attempted = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0, f"{failed} of {attempted} examples in {name} say something else"
    assert attempted, f"{name} shows an example in a place where doctest does not look"
