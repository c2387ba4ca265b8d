"""The ledger of TCP: the tutorial's claims, known hazards, where the RFC divides, and mechanisms taken away; all checked."""
