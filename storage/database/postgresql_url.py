"""URLs of PostgreSQL with the hosts and parameters that libpq takes, as hosting services and clusters hand them out."""

import re
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

_DRIVER = "postgresql+asyncpg"
_SEVERAL_HOSTS = re.compile(r"(?P<start>\w+://(?:[^@/?]*@)?)(?P<hosts>[^/?]*,[^/?]*)(?P<rest>.*)", re.DOTALL)
_HOST = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>\d*))?")
# Of an address: the driver takes them beside the URL.
_ADDRESS = {"host", "port", "user", "password", "database"}
# What the driver reads from the URL. Of libpq's other parameters some would make a connection safer: none is ignored.
_PARAMETERS = {
    "application_name",
    "options",
    "passfile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
}


def postgresql_url(url: str) -> URL:
    """The URL for the engine: several hosts are in its parameter `host`, what the driver reads itself in `dsn`.

    Raises ValueError for a URL that cannot be read, or with a parameter that the driver does not know.
    """
    if several := _SEVERAL_HOSTS.fullmatch(url):
        parsed = _parsed(several["start"] + several["rest"])
        hosts = [_host(host) for host in several["hosts"].split(",")]
        address = {"host": ",".join(host for host, _ in hosts), "port": ",".join(port for _, port in hosts)}
        parsed = parsed.set(query={**parsed.query, **address})
    else:
        parsed = _parsed(url)
    parsed = parsed.set(drivername=_DRIVER)
    try:
        parsed.get_dialect()().create_connect_args(parsed)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ValueError(f"has hosts or ports that cannot be read: {error}") from None
    given = dict(parsed.query)
    if "ssl" in given:
        given["sslmode"] = given.pop("ssl")
    if unknown := sorted(given.keys() - _PARAMETERS - _ADDRESS):
        raise ValueError(f"has parameters that Reprise does not support: {', '.join(unknown)}")
    parameters = {"application_name": "reprise", **{name: given.pop(name) for name in _PARAMETERS & given.keys()}}
    if _has_several_hosts(given.get("host", ())):
        # All processes write, and a standby takes no writes.
        parameters = {"target_session_attrs": "read-write", **parameters}
    return parsed.set(query={**given, "dsn": f"postgresql://?{urlencode(parameters, doseq=True)}"})


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("must look like postgresql://USER@HOST:PORT/NAME") from None


def _host(text: str) -> tuple[str, str]:
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError("must look like postgresql://USER@HOST:PORT,HOST:PORT/NAME")
    return found["host"].strip("[]"), found["port"] or "5432"


def _has_several_hosts(hosts: str | tuple[str, ...]) -> bool:
    return len(hosts) > 1 if isinstance(hosts, tuple) else "," in hosts
