"""Resolvers of Agent."""

from storage.documents.agents import Agent, known_agents


def agents() -> list[Agent]:
    """All agents, in the order in which people see them."""
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.handoff.targets import TARGETS

    return known_agents(TARGETS)
