"""What was explored, as a graph: for networkx while it is small, on compressed sparse arrays when it is not."""
