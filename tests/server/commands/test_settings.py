"""A setting that makes no sense stops the start with a message that names it."""

import pytest
from click.testing import CliRunner

from app import main


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPRISE_DATABASE_URL", "mysql://localhost/reprise"),
        ("REPRISE_DATABASE_URL", "sqlite://"),
        ("REPRISE_DATABASE_URL", "nonsense"),
        ("REPRISE_LISTEN_URL", "sqlite:///reprise.db"),
        ("REPRISE_POLL_SECONDS", "0"),
        ("REPRISE_POOL_SIZE", "1"),
        ("REPRISE_WORKERS", "0"),
        ("REPRISE_PORT", "65536"),
        ("REPRISE_PORT", "http"),
        ("REPRISE_TOKEN", ""),
        ("REPRISE_TOKEN", "two words"),
        ("REPRISE_ALLOWED_ORIGINS", "localhost:3000"),
        ("REPRISE_ALLOWED_ORIGINS", "http://localhost:3000/page"),
        ("REPRISE_ALLOWED_ORIGINS", "null"),
        ("REPRISE_ALLOWED_HOSTS", "http://localhost"),
        ("REPRISE_SEED_GATE", "0"),
        ("REPRISE_SEED_BATCH", "-1"),
        ("REPRISE_LEASE_SECONDS", "0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    result = CliRunner().invoke(main, ["migrate"])

    assert result.exit_code == 2
    assert f"{name}: " in result.stderr


def test_polling_where_a_place_to_listen_is_given_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_LISTEN_URL", "postgresql://localhost/reprise")
    monkeypatch.setenv("REPRISE_POLL_SECONDS", "0.5")

    result = CliRunner().invoke(main, ["migrate"])

    assert result.exit_code == 2
    assert "REPRISE_POLL_SECONDS: " in result.stderr


def test_the_schema_command_prints_the_schema() -> None:
    result = CliRunner().invoke(main, ["schema"])

    assert result.exit_code == 0
    assert "type Query {" in result.stdout
