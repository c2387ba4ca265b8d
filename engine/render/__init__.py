"""Renderers: a `Telling` as a ladder in the terminal, two ladders side by side, Mermaid and Markdown. They give back text."""

from __future__ import annotations

from .ladder import Detail, render_ladder
from .look import Look
from .markdown import render_markdown
from .mermaid import render_mermaid
from .sidebyside import Column, render_side_by_side

__all__ = ["Column", "Detail", "Look", "render_ladder", "render_markdown", "render_mermaid", "render_side_by_side"]
