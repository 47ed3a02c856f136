"""Session documents: import, export, the format of each agent, and changes to stored sessions."""
