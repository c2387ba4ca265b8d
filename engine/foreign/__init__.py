"""The same system as text for tools that are not ours: Promela for SPIN, TLA+ for TLC."""
