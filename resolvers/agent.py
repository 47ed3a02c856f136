"""Resolvers of Agent."""

from storage.documents.agents import known_agents as agents

__all__ = ["agents"]
