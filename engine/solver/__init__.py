"""Z3 on the same system: its steps as terms, shortest violations in bounded runs, and proofs by k-induction."""
