"""Without a token nobody but this machine is let in, and the start says so."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from app import main


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "reprise.example", "127.0.0.1.example"])
def test_listening_beyond_the_loopback_without_a_token_is_refused(tmp_path: Path, host: str) -> None:
    database = tmp_path / "reprise.db"

    result = CliRunner(env={"REPRISE_DATABASE_URL": f"sqlite:///{database}"}).invoke(main, ["serve", "--host", host])

    assert result.exit_code == 2
    assert "REPRISE_TOKEN" in result.stderr
    assert not database.exists()
