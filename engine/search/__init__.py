"""Exhaustive search of a system, shortest runs by way of given states, and what bounds a search and keeps it."""
