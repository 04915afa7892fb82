"""What the architecture promises, held by looking at the code itself. Each rule is one test; the reasons are in docs/architecture.md."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from jobs.engine.errors import CODES

ROOT = Path(__file__).resolve().parents[1]
APPS = ("console", "jobs", "templates_app", "media_assets")
LONGEST_MODULE, LONGEST_TEST = 450, 500


@cache
def tracked() -> tuple[Path, ...]:
    """Every file of ours: tracked, or new and not ignored."""
    told = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    return tuple(path for name in told.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())


@cache
def product() -> tuple[tuple[str, ast.Module], ...]:
    """The product's Python modules, parsed: (path in the repository, tree)."""
    names = [path for path in tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in APPS]
    return tuple((str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in names)


def dotted(node: ast.AST) -> str:
    """«a.b.c» for a name or attribute; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield name, node


# --- layers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("package", ["jobs.engine", "jobs.ffmpeg"])
def test_it_loads_no_django(package: str) -> None:
    """In a fresh interpreter: every module of the package, and then no Django and no queue among what is loaded."""
    code = (
        f"import importlib, pkgutil, sys, {package} as package\n"
        "names = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + '.')]\n"
        "assert len(names) >= 5, names\n"
        "for name in names: importlib.import_module(name)\n"
        "print(','.join(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'django_q', 'ninja', 'boto3'})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_import_contracts_hold() -> None:
    done = subprocess.run([str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@cache
def imports() -> dict[str, frozenset[str]]:
    """Every module of ours → those of ours that it names, also where only for types: what a reader has to follow."""
    graph = grimp.build_graph(*APPS, cache_dir=None)
    return {name: frozenset(graph.find_modules_directly_imported_by(name)) for name in graph.modules}


def test_no_module_needs_itself() -> None:
    """No circle, however long. A CycleError names it."""
    assert len(list(TopologicalSorter(imports()).static_order())) > 500


PAGE = re.compile(r"(\w+_)?(views|api|admin|urls|forms?)|templatetags|management|asgi")
PAGES = ("jobs.pages", "jobs.submitting", "jobs.comparing", "jobs.inspecting", "jobs.dialects")
OF_PAGES = {
    "console.palette",
    "media_assets.bulk",
    "media_assets.one_page",
    "templates_app.available",
    "jobs.workflows.step_bodies",
    "jobs.workflows.rearranging",
}  # what several pages of one app share
BELOW_MEDIA = {  # a package → the others of ours that it may know
    "jobs.engine": (),
    "jobs.ffmpeg": ("jobs.engine",),
    "jobs.lettering": ("jobs.engine", "jobs.ffmpeg"),
    "jobs.media_tools": ("jobs.ffmpeg",),
    "jobs.pictures": (),
}


def within(name: str, *packages: str) -> bool:
    """Whether a module is one of these or lies in one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def is_page(name: str) -> bool:
    """Whether it reads what somebody asked and answers: a page, a form, an endpoint, a command, a dialect."""
    if within(name, "console.lib", "jobs.engine", "jobs.ffmpeg"):
        return False
    return name in OF_PAGES or within(name, *PAGES) or any(PAGE.fullmatch(part) for part in name.split(".")[1:])


def test_only_pages_know_pages() -> None:
    found = [f"{name} → {other}" for name, others in imports().items() if not is_page(name) for other in others if is_page(other)]
    assert not found, found
    assert sum(map(is_page, imports())) > 100


def test_media_and_templates_know_no_jobs() -> None:
    """Only their pages do. What they have of the folder ``jobs`` beside that lies below them."""
    ours = [name for name in imports() if within(name, "media_assets", "templates_app") and not is_page(name)]
    found = [f"{name} → {other}" for name in ours for other in imports()[name] if within(other, "jobs") and not within(other, *BELOW_MEDIA)]
    assert not found, found
    assert len(ours) > 50


@pytest.mark.parametrize("package", BELOW_MEDIA)
def test_what_lies_below_media_knows_nothing_above(package: str) -> None:
    allowed = (package, *BELOW_MEDIA[package])
    found = [f"{name} → {other}" for name, others in imports().items() if within(name, package) for other in others if not within(other, *allowed)]
    assert not found, found


# --- processes ----------------------------------------------------------------------------------------------------------
STARTERS = re.compile(
    r"(subprocess\.(Popen|run|call|check_call|check_output|getoutput|getstatusoutput)"
    r"|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*|fork|forkpty)"
    r"|asyncio\.create_subprocess_\w+|multiprocessing\.(Process|Pool)|pty\.\w+|ffmpeg\.(run|probe|run_async))\Z"
)
MAY_START = {
    "jobs/ffmpeg/sandbox.py": r"subprocess\.\w+",  # THE starter of media programs
    "jobs/node/supervisor.py": r"os\.fork",  # web, beat and groups are forks of the supervisor
}


def test_media_programs_are_started_in_one_place() -> None:
    found = []
    for path, tree in product():
        allowed = re.compile(MAY_START.get(path, r"(?!)"))
        found += [f"{path}:{call.lineno} {name}" for name, call in calls(tree) if STARTERS.match(name) and not allowed.fullmatch(name)]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in ("subprocess", "pty", "os") and path not in MAY_START:
                found += [f"{path}:{node.lineno} from {node.module} import {a.name}" for a in node.names if STARTERS.match(f"{node.module}.{a.name}")]
    assert not found, found


def test_the_starter_is_really_there() -> None:
    """Else the rule above would hold for nothing."""
    trees = dict(product())
    assert any(name == "subprocess.Popen" for name, _ in calls(trees["jobs/ffmpeg/sandbox.py"]))


def test_no_shell() -> None:
    found = [f"{p}:{c.lineno}" for p, tree in product() for _, c in calls(tree) for k in c.keywords if k.arg == "shell"]
    assert not found


# --- Django -------------------------------------------------------------------------------------------------------------
def test_no_signal_receivers() -> None:
    """What happens is called; nothing happens because something was saved."""
    found = []
    for path, tree in product():
        for node in ast.walk(tree):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            named = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            if module and (module.startswith("django.dispatch") or module.endswith(".signals") or (module.startswith("django.") and "signals" in named)):
                found.append(f"{path}:{node.lineno} {module}")
    assert not found, found


def test_no_overridden_save() -> None:
    found = []
    for path, tree in product():
        if Path(path).name != "models.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete", "full_clean"):
                found.append(f"{path}:{node.lineno}")
    assert not found


@pytest.mark.django_db
def test_no_missing_migration() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def named_patterns(resolver: URLResolver, names: tuple[str, ...] = (), path: str = "") -> Iterator[tuple[str, str, URLPattern]]:
    """Every named page: («namespace:name», route, pattern). Django's admin is left out: its names are Django's own."""
    for pattern in resolver.url_patterns:
        route = path + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if pattern.app_name == "admin":
                continue
            yield from named_patterns(pattern, (*names, pattern.namespace) if pattern.namespace else names, route)
        elif pattern.name:
            yield ":".join((*names, pattern.name)), route, pattern


EXAMPLES = {"int": 1, "str": "x", "slug": "x", "path": "a/b.mp4", "uuid": "0" * 32}


def test_every_url_name_reverses() -> None:
    found = list(named_patterns(get_resolver()))
    assert len(found) > 30
    for name, route, _ in found:
        arguments = {}
        for converter, argument in re.findall(r"<(?:(\w+):)?(\w+)>", route):
            arguments[argument] = EXAMPLES.get(converter or "str", "0" * 32)
        assert reverse(name, kwargs=arguments).startswith("/"), name


OPEN_PAGES = {"console:login", "console:logout", "console:appearance"}  # must work for those who are not signed in


def test_every_page_names_the_role_it_needs() -> None:
    """``auth.viewer``, ``operator`` and ``admin`` leave their mark on a view; a page without one would be open to everybody."""
    bare = [n for n, route, p in named_patterns(get_resolver()) if route.startswith("console/") and not hasattr(p.callback, "role")]
    assert not set(bare) - OPEN_PAGES, bare


def test_every_dotted_path_in_a_string_resolves() -> None:
    """Tasks, brokers, middleware, context processors: found by name at run time, so a rename must not leave one behind."""
    wanted = re.compile(rf"({'|'.join(APPS)})(\.[a-z_]\w*)+(\.[A-Z]\w*)?\Z")
    seen = 0
    for path, tree in product():
        if "/migrations/" in path:
            continue
        docs = {
            id(n.body[0].value)
            for n in ast.walk(tree)
            if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef) and n.body and isinstance(n.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs and wanted.match(node.value):
                assert resolves(node.value), f"{path}:{node.lineno} {node.value}"
                seen += 1
    assert seen >= 5


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in a module; file names («jobs.js») and model labels («jobs.job») count too."""
    head, _, tail = name.rpartition(".")
    if tail in ("js", "css", "html", "json", "svg"):
        return True
    try:
        return importlib.util.find_spec(name) is not None or hasattr(importlib.import_module(head), tail)
    except ModuleNotFoundError:
        try:
            return hasattr(importlib.import_module(head), tail)
        except ModuleNotFoundError:
            return False


# --- commands and codes -------------------------------------------------------------------------------------------------
def our_commands() -> list[str]:
    """Names of our management commands."""
    return sorted(name for name, app in get_commands().items() if app in APPS)


def test_every_command_has_help_and_is_documented() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    assert {"serve", "worker", "first_run", "submit_job", "explain_job", "load_presets"} <= set(our_commands())
    for name in our_commands():
        assert load_command_class(get_commands()[name], name).help.strip(), name
        assert f"manage.py {name}" in text, f"{name} is not in docs/"


RAISERS = {"Refused": 0, "JobError": 0, "errors.Refused": 0, "errors.JobError": 0, "mistakes.add": 0}


def used_codes() -> Iterator[tuple[str, str]]:
    """(code, place) of every code written where an error is made."""
    for path, tree in product():
        for name, call in calls(tree):
            if name in RAISERS and call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value), f"{path}:{call.lineno}"
            for keyword in call.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and str(keyword.value.value)[:1].isupper():
                    yield str(keyword.value.value), f"{path}:{call.lineno}"


def test_every_code_is_in_the_table() -> None:
    found = list(used_codes())
    assert len(found) > 30
    unknown = [(code, place) for code, place in found if code not in CODES]
    assert not unknown, unknown


def test_every_code_of_the_table_is_used() -> None:
    """A row that nothing raises is a promise that nobody keeps."""
    written = "\n".join(
        path.read_text()
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in APPS and path.name not in ("errors.py", "error_texts.py", "sentences.py")
    )
    unused = [code for code in CODES if f'"{code}"' not in written]
    assert not unused, unused


# --- the repository -----------------------------------------------------------------------------------------------------
def test_no_grab_bags_and_no_unfinished_places() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + r"Error")
    for path in tracked():
        assert path.stem not in ("helpers", "utils", "util", "common", "misc"), path
        if path.suffix in (".py", ".html", ".js", ".css", ".sh", ".toml") or path.name == "Makefile":
            assert not (hit := marks.search(path.read_text())), f"{path}: {hit}"


def test_modules_stay_readable() -> None:
    long = {}
    for path in tracked():
        lines = len(path.read_text().splitlines()) if path.suffix == ".py" and "migrations" not in path.parts else 0
        if lines > (LONGEST_TEST if path.is_relative_to(ROOT / "tests") else LONGEST_MODULE):
            long[str(path)] = lines
    assert not long, long


def test_every_module_says_what_it_is() -> None:
    silent = [path for path, tree in product() if tree.body and not ast.get_docstring(tree) and "/migrations/" not in path]
    assert not silent, silent


def test_lock_files_name_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "package-lock.json", "tools/node.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        assert not re.search(r"^\s*(-i|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE), name
    for block in (ROOT / "requirements.lock").read_text().split("\n\n"):
        for line in block.splitlines():
            assert line.startswith((" ", "#")) or "==" in line, line


def test_templates_obey_the_content_security_policy() -> None:
    """No inline script, style or handler: the browser would not run it."""
    bad = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|javascript:|hx-on", re.IGNORECASE)
    found = [f"{path.relative_to(ROOT)}: {hit.group()}" for path in tracked() if path.suffix == ".html" and (hit := bad.search(path.read_text()))]
    assert not found, found
