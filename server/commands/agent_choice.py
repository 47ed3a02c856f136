"""The names of agents in the options of commands."""

import click


class AgentChoice(click.Choice[str]):
    """One of the API's names of agents, which commands show as people type them: claude-code for CLAUDE_CODE."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        """The name as it is shown. What was typed is compared with it in this form."""
        return str(choice).lower().replace("_", "-")
