"""Session documents: import, export, the formats of each agent, and changes to sessions that are stored."""
