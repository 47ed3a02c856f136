"""Handing a session over: the files from which another agent's program, or its own, continues the conversation."""
