"""Runs as values: rebuilt and confirmed by the reference evaluator, told as stories, saved as files."""
