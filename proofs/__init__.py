"""Inductive invariants of the specification and the obligations that establish them, without a bound on anything."""
