"""An index of the versions that derived the sessions. It imports none of the project's code."""

from alembic import op

revision = "0402"
down_revision = "0401"


def upgrade() -> None:
    op.create_index("session_parser_version", "session", ["parser_version", "source", "id"])
