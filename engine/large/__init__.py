"""Large searches, in machine code: the same search as `search`, made faster, over states in arrays."""
