"""Resolvers of Agent."""

from storage.documents.agents import Agent, known_agents
from storage.handoff.targets import TARGETS


def agents() -> list[Agent]:
    """All agents, in the order in which people see them."""
    return known_agents(TARGETS)
