"""`reprise export`."""

import json
import sys

import click

from server.commands.environment import run_on_stored, say
from server.commands.session_ids import whole_id
from storage.database.database import Database
from storage.documents.exports import export_document
from storage.transcripts.transcript_exports import export_transcripts


@click.command("export")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
def export_command(ids: tuple[str, ...]) -> None:
    """Print sessions as their agents wrote them, one after another: transcripts byte for byte, or JSON documents."""
    sys.exit(1 if run_on_stored(_export, ids) else 0)


async def _export(database: Database, ids: tuple[str, ...]) -> int:
    missing = 0
    for given in ids:
        try:
            session_id = await whole_id(database, given)
        except click.ClickException as ambiguous:
            say(f"{given}: {ambiguous.message}", is_error=True)
            missing += 1
            continue
        has_transcript = False
        async for piece in export_transcripts(database, session_id):
            has_transcript = True
            click.echo(piece, nl=False)
        if has_transcript:
            continue
        document = await export_document(database, session_id)
        if document is None:
            say(f"{given}: no such session", is_error=True)
            missing += 1
        else:
            # Bytes, since the console's encoding may lack characters and JSON is UTF-8 wherever it is read.
            click.echo(json.dumps(document, ensure_ascii=False, indent=1).encode())
    return missing
