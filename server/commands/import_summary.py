"""What an import prints when it has ended."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import click

from storage.documents.outcomes import CREATED, DELETED, EMPTY, OUTDATED, UNCHANGED, UPDATED
from storage.transcripts.finding import ChangedTranscripts

DOCUMENTS = "Documents"


class Tally(NamedTuple):
    """The results of one agent's transcripts, or of documents."""

    counts: Counter[str]
    passed_over: int
    refused: int

    def text(self) -> str:
        """The summary in a line."""
        words = [f"{self.counts[outcome]} {outcome.lower()}" for outcome in (CREATED, UPDATED, UNCHANGED)]
        words.append(f"{self.refused} refused")
        for outcome, word in ((OUTDATED, "outdated"), (DELETED, "deleted before"), (EMPTY, "without messages")):
            words += [f"{self.counts[outcome]} {word}"] if self.counts[outcome] else []
        words += [f"{self.passed_over} passed over"] if self.passed_over else []
        return ", ".join(words)


def unchanged_tally(found: ChangedTranscripts) -> Tally:
    """The results of what was found of one agent before any of it is imported."""
    return Tally(+Counter({UNCHANGED: found.unchanged_count, DELETED: len(found.deleted)}), found.passed_over, 0)


def print_summary(tallies: Mapping[str, Tally]) -> None:
    """Print the results by agent, and whether there were none."""
    if not any(tally.counts or tally.refused for tally in tallies.values()):
        click.echo("No sessions were found.")
    shown = {agent: tally for agent, tally in tallies.items() if tally.counts or tally.refused or len(tallies) == 1}
    for agent, tally in (shown or {"": Tally(Counter(), 0, 0)}).items():
        click.echo(tally.text() if agent in ("", DOCUMENTS) and len(shown) < 2 else f"{agent}: {tally.text()}")
