"""A setting that makes no sense stops the start with a message that names it."""

import pytest
from click.testing import CliRunner

from app import main
from server.settings import Settings


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DATABASE_URL", "mysql://localhost/reprise", "must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "sqlite://", "must name a file: sqlite:///PATH"),
        ("DATABASE_URL", "sqlite:////data/what?/r.db", "must name a file without a question mark in its path"),
        ("DATABASE_URL", "nonsense", "must look like sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("DATABASE_URL", "postgresql://localhost:http/r", "must look like postgresql://USER@HOST:PORT/NAME"),
        ("DATABASE_URL", "postgresql://a:1,b:http/r", "must look like postgresql://USER@HOST:PORT,HOST:PORT/NAME"),
        (
            "DATABASE_URL",
            "postgresql://localhost/r?sslmode=require&channel_binding=require&pgbouncer=true",
            "has parameters that Reprise does not support: channel_binding, pgbouncer",
        ),
        ("DATABASE_URL", "postgresql:///r?host=a:1&host=b", None),
        ("LISTEN_URL", "sqlite:///reprise.db", "must begin with postgresql://"),
        ("POLL_SECONDS", "0", "must be greater than 0"),
        ("POLL_SECONDS", "nan", "must be a finite number"),
        ("POOL_SIZE", "1", "must be greater than or equal to 2"),
        ("WORKERS", "0", "must be greater than or equal to 1"),
        ("PORT", "65536", "must be less than or equal to 65535"),
        ("PORT", "http", "must be a valid integer, unable to parse string as an integer"),
        ("TOKEN", "", "must be printable ASCII without blanks, and not empty"),
        ("TOKEN", "two words", "must be printable ASCII without blanks, and not empty"),
        ("TOKEN", "sesame\n", "must be printable ASCII without blanks, and not empty"),
        ("ALLOWED_ORIGINS", "localhost:3000", None),
        ("ALLOWED_ORIGINS", "http://localhost:3000/page", None),
        ("ALLOWED_ORIGINS", "null", None),
        ("ALLOWED_HOSTS", "http://localhost", "'http://localhost' is not a host name or address"),
        ("HARDENED", "perhaps", "must be a valid boolean, unable to interpret input"),
        ("LOG_FORMAT", "xml", "must be 'auto', 'json' or 'console'"),
        ("MAX_TOKENS", "many", "must be a valid integer, unable to parse string as an integer"),
        ("REQUEST_SECONDS", "inf", "must be a finite number"),
        ("INIT_SECONDS", "nan", "must be a finite number"),
        ("SEED_GATE", "0", "must be greater than or equal to 1"),
        ("SEED_BATCH", "-1", "must be greater than or equal to 1"),
        ("LEASE_SECONDS", "0", "must be greater than 0"),
        ("LEASE_SECONDS", "3601", "must be less than or equal to 3600"),
    ],
)
def test_an_invalid_setting_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str | None
) -> None:
    monkeypatch.setenv(f"REPRISE_{name}", value)

    result = CliRunner().invoke(main, ["migrate"])

    assert result.exit_code == 2
    *_, error = result.stderr.splitlines()
    assert error.startswith(f"Error: REPRISE_{name}: ")
    assert "Value error" not in error
    assert message is None or error == f"Error: REPRISE_{name}: {message}"


@pytest.mark.parametrize("name", sorted(Settings.model_fields.keys() - {"host"}))
def test_no_value_of_a_setting_ends_in_a_traceback(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"REPRISE_{name.upper()}", "\x1b[31m\udcff{")

    result = CliRunner().invoke(main, ["migrate"])

    assert result.exit_code == 2
    assert f"Error: REPRISE_{name.upper()}: " in result.stderr
    assert "\x1b" not in result.stderr


def test_the_names_of_variables_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("reprise_Port", "8001")

    assert Settings().port == 8001
    assert Settings(port=8002).port == 8002


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
