"""The documentation says what the code does: tables are fresh, settings are complete, links lead somewhere, names exist."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.test_architecture import product
from tools import doc_tables

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_tables_are_fresh(page: Path) -> None:
    """Else: make fmt."""
    assert doc_tables.fresh(page.read_text()) == page.read_text()


def test_every_table_has_its_place() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    for name in doc_tables.TABLES:
        body = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
        assert body is not None, name
        assert body[1].count("\n") >= 5, name


def read_settings() -> set[str]:
    """Names of all environment variables that the product reads."""
    found = set()
    for _, tree in product():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("env", "env_int", "env_bool", "env_list", "env_networks")
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
                elif isinstance(first, ast.Name) and first.id == "TOKEN_NAME":
                    found.add("REELMILL_API_TOKEN")
                elif isinstance(first, ast.Name) and first.id == "KEY_NAME":
                    found.add("REELMILL_ACCESS_KEY_ID")
    return found


def test_every_setting_is_documented_and_no_other() -> None:
    page = (ROOT / "docs" / "operators.md").read_text().split("## Settings")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert documented == read_settings()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        assert "://" in target or (page.parent / target).exists(), target


def test_the_readme_names_the_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make run" in text
    assert "make test" in text


def test_make_help_names_every_target_of_the_docs() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("help", "run", "worker", "test", "check", "fmt", "bench", "screenshots", "vendor", "messages"):
        assert f"make {target} " in told


def test_the_version_is_the_same_everywhere() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{settings.VERSION}"' in project
    assert f"## {settings.VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_sample_says_where_it_comes_from() -> None:
    folder = ROOT / "media_assets" / "sample"
    told = (folder / "ATTRIBUTION.md").read_text()
    for clip in folder.iterdir():
        assert clip.suffix == ".md" or clip.name in told
