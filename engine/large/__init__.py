"""Large searches, in machine code: the same search as that of `engine/search`, made faster, over states in arrays."""
