"""Eventually-properties under fairness: regions, fair components, and lassos through them."""
