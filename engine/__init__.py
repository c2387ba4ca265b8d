"""A language for transition systems, its readings, and the tools that search, prove and tell; knows nothing of TCP."""
