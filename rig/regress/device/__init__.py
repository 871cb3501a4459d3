"""One's own adapter under test: what its file names, what its ports are, how it gets into the socket of a station."""
