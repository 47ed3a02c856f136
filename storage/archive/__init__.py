"""The archive: the bytes of agents' transcripts, compressed, and the registry of the files they were read from."""
