"""TCP connection management as RFC 9293 says it: settings, endpoints, network, properties. No bounds, no tools."""

from __future__ import annotations

from .settings import Settings
from .system import build

__all__ = ["Settings", "build"]
