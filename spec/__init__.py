"""TCP connection management as RFC 9293 section 3 has it: every transition once, with no bounds and no tools."""
