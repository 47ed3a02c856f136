"""The container image, the wheel and the CI workflow agree on what the project consists of."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PARTS = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_image_is_built_from_all_that_the_wheel_holds() -> None:
    copied = {
        name.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text("Dockerfile"), re.MULTILINE)
        for name in line.split()
    }
    let_through = set(re.findall("^!(.*)$", text(".dockerignore"), re.MULTILINE))

    assert copied >= {*PARTS, "pyproject.toml", "requirements.lock", PROJECT["project"]["readme"]}
    assert let_through >= {name.partition("/")[0] for name in copied}
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_a_user_of_its_own_and_is_checked() -> None:
    last_stage = text("Dockerfile").rpartition("\nFROM ")[2]

    assert "\nUSER reprise\n" in last_stage
    assert "/healthz" in last_stage.partition("\nHEALTHCHECK ")[2]


def test_ci_runs_every_python_that_the_metadata_names() -> None:
    prefix = "Programming Language :: Python :: "
    named = [
        version
        for classifier in PROJECT["project"]["classifiers"]
        if re.fullmatch(r"3\.\d+", version := classifier.removeprefix(prefix))
    ]
    [listed] = re.findall(r"python: \[(.*)\]", text(".github/workflows/ci.yml"))

    assert [version.strip(' "') for version in listed.split(",")] == named
    assert PROJECT["project"]["requires-python"] == f">={named[0]}"
