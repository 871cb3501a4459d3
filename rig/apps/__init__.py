"""Small real programs on the socket library."""
