"""URLs of PostgreSQL as libpq takes them: several hosts, and parameters."""

import pytest

from storage.database.database import Database
from storage.database.engines import driver_url


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_parameters_reach_the_server(database_url: str) -> None:
    separator = "&" if "?" in database_url else "?"
    url = f"{database_url}{separator}application_name=agents&options=-c%20statement_timeout%3D7777"
    async with Database(url, listens=False) as database:
        connection = await database.readers.driver.open()
        try:
            shown = [
                await connection.fetchval(f"SHOW {name}") for name in ("application_name", "statement_timeout", "jit")
            ]
        finally:
            await database.readers.driver.close(connection)
    assert shown == ["agents", "7777ms", "off"]


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://u:p%40@a:1,b/r", ["a", "b"], [1, 5432]),
        ("postgres://[::1]:1,[fe80::2]:2/r", ["::1", "fe80::2"], [1, 2]),
        ("postgresql://u@/r?host=a:1&host=b:2", ["a", "b"], [1, 2]),
        ("postgresql://u@a/r", "a", None),
    ],
)
def test_hosts_are_read_as_libpq_and_sqlalchemy_write_them(url: str, hosts: list[str], ports: list[int]) -> None:
    parsed = driver_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)
    assert (options["host"], options.get("port"), options["database"]) == (hosts, ports, "r")


def test_of_several_hosts_one_that_takes_writes_is_wanted_unless_the_url_says_otherwise() -> None:
    def dsn(url: str) -> str:
        return str(driver_url(url).query["dsn"])

    assert "target_session_attrs" not in dsn("postgresql://a/r")
    assert "target_session_attrs=read-write" in dsn("postgresql://a,b/r")
    assert "target_session_attrs=primary" in dsn("postgresql://a,b/r?target_session_attrs=primary")
