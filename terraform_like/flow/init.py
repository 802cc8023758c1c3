"""`territory init`: a fresh territory repository, of an example, of a CRM's books or to be filled in."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform_like import git
from terraform_like.config.load import PROJECT_FILE, open_repository
from terraform_like.crm.embedded import Embedded, EmbeddedError, make_embedded_crm
from terraform_like.diagnostics import Halt, Report, did_you_mean, listing
from terraform_like.flow.fmt import fmt
from terraform_like.flow.import_crm import Imported, import_crm

_PACKAGE = Path(__file__).parent.parent
_SKELETON = Path(__file__).parent / "skeleton"
_CRM = "crm.sqlite"
_REPORTS = "/report*.html\n/report*.md\n"
_IGNORED = f"# The tool's own files, the CRM where it is a file, and reports.\n.territory/\n{_CRM}*\n{_REPORTS}"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the parts of a new repository come from.

    Parameters
    ----------
    examples : Path
        A folder for each example: its plan's YAML, `crm/accounts.csv`, `crm/users.csv`, and in `repository/` what goes
        to the root of the new repository.
    policies : Path
        The standard policies.
    schemas : Path
        JSON Schemas, by which editors complete the YAML.
    """

    examples: Path
    policies: Path
    schemas: Path

    @classmethod
    def shipped(cls) -> Sources:
        """Give the parts that came with the tool: inside the package where it is installed, else in its checkout."""
        installed = _PACKAGE / "examples"
        if installed.is_dir():
            return cls(installed, installed / "policies", installed / "schemas")
        checkout = _PACKAGE.parent
        return cls(checkout / "plans", checkout / "policies", checkout / "schemas")

    @property
    def names(self) -> list[str]:
        """Names of the examples, sorted."""
        return sorted(crm.parent.name for crm in self.examples.glob("*/crm") if crm.is_dir())


@dataclass(frozen=True, slots=True)
class Initialised:
    """The new repository.

    Parameters
    ----------
    root : Path
        Its folder.
    example : str or None
        The example that it is of.
    commit : str or None
        Its first commit; None in a repository that had one already, where committing is left to the user.
    crm : Embedded or None
        How much the embedded CRM holds, where there is one.
    imported : Imported or None
        What was made of the CRM's books, where that was asked.
    """

    root: Path
    example: str | None
    commit: str | None
    crm: Embedded | None
    imported: Imported | None = None


def init(
    directory: Path,
    *,
    example: str | None = None,
    from_crm: bool = False,
    example_sources: Sources | None = None,
) -> tuple[Initialised, Report]:
    """Make a territory repository in git with one commit, workflows included; where it fails, nothing is left.

    Parameters
    ----------
    directory : Path
        Where; an empty folder, a fresh clone of an empty repository, or a folder that does not exist yet.
    example : str, optional
        Name of an example, which comes with an embedded CRM; without one the repository is to be filled in.
    from_crm : bool
        Import the books of the CRM that the folder's territory.yaml names, instead of a plan to be filled in. Other
        files of the folder stay as they are, and out of the commit.
    example_sources : Sources, optional
        Where the parts come from; those that came with the tool.

    Raises
    ------
    Halt
        When the folder is in use, there is no such example, there is no git, the disk refuses, or the CRM cannot be
        imported.
    """
    report = Report()
    sources = example_sources or Sources.shipped()
    if example is not None and from_crm:
        report.error("--example and --from-crm do not go together", "An example comes with a CRM of its own.")
    if example is not None and example not in sources.names:
        there = f"Examples: {', '.join(sources.names)}." if sources.names else "None came with this installation."
        report.error(f'There is no example "{example}"', f"{there}{did_you_mean(example, sources.names)}")
    try:
        if from_crm:
            _must_name_a_crm(directory, report)
        else:
            _must_be_free(directory, report)
        if report.failed:
            raise Halt(report)
        return _made(directory, example, from_crm, sources, report), report
    except git.GitError as error:
        report.error("The repository cannot be made", str(error))
    except EmbeddedError as error:
        report.error(f'The example "{example}" is broken', str(error))
    except OSError as error:
        report.error("The repository cannot be made", f"{error.filename or directory}: {error.strerror or error}.")
    raise Halt(report)


def _must_be_free(directory: Path, report: Report) -> None:
    if directory.is_dir():
        if any(part.name != ".git" for part in directory.iterdir()):
            detail = "A new repository needs a folder that is empty or does not exist: territory init OTHER-FOLDER."
            report.error(f"{directory} is not empty", detail)
    elif directory.exists():
        report.error(f"{directory} is a file", "Name a folder that is empty or does not exist.")


def _must_name_a_crm(directory: Path, report: Report) -> None:
    if not (directory / PROJECT_FILE).is_file():
        report.error(
            f"There is no {PROJECT_FILE} in {directory}",
            "--from-crm reads there where the CRM is: write `project` and `crm` into it first.",
        )


def _made(directory: Path, example: str | None, from_crm: bool, sources: Sources, report: Report) -> Initialised:
    """Build beside the folder, or inside it where it exists (it may be somebody's working directory), then rename."""
    there = directory.is_dir()
    near = directory if there else next(parent for parent in directory.absolute().parents if parent.is_dir())
    with TemporaryDirectory(prefix=".territory-init-", dir=near) as temporary:
        built = Path(temporary) / "built"
        built.mkdir()
        _copy(_SKELETON / "shared", "**/*", built)
        crm = None
        if example is not None:
            crm = _example(built, example, sources)
        else:
            _copy(_SKELETON / ("imported" if from_crm else "blank"), "**/*", built)
        _copy(sources.schemas, "*.json", built / "schemas")
        (built / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        if not there:
            commit: str | None = git.init(built)
            directory.parent.mkdir(parents=True, exist_ok=True)
            built.rename(directory)
            return Initialised(directory, example, commit, crm)
        return _made_inside(directory, built, from_crm, report, Initialised(directory, example, None, crm))


def _made_inside(directory: Path, built: Path, from_crm: bool, report: Report, made: Initialised) -> Initialised:
    """Move what was built into a folder that is there; take it out again where git or the CRM refuses."""
    parts = sorted(part.name for part in built.iterdir())
    taken = [name for name in (*parts, *(["plans"] if from_crm else [])) if (directory / name).exists()]
    if taken:
        report.error(
            f"{directory} holds {listing(sorted(taken))} already",
            "Nothing is overwritten. Take it away, or go on with `territory import` where this is such a repository.",
        )
        raise Halt(report)
    repository = (directory / ".git").exists()
    begun = repository and git.head(directory) is not None
    imported, placed = None, [name for name in parts if name != _CRM]
    try:
        if from_crm:
            placed += ["plans", PROJECT_FILE]
            imported, said = import_crm(open_repository(directory))
            report.extend(said)
        for name in parts:
            (built / name).rename(directory / name)
        if from_crm:
            # The workflows ask for the layout of all YAML, and territory.yaml was written by hand.
            fmt(directory)
        commit = None if begun else git.init(directory, placed)
    except (OSError, git.GitError, Halt):
        _take_out(directory, [*parts, *(["plans"] if from_crm else []), *([] if repository else [".git"])])
        raise
    return Initialised(directory, made.example, commit, made.crm, imported)


def _take_out(directory: Path, names: Sequence[str]) -> None:
    for name in names:
        if (directory / name).is_dir():
            shutil.rmtree(directory / name, ignore_errors=True)
        else:
            with suppress(OSError):
                (directory / name).unlink(missing_ok=True)


def _example(built: Path, example: str, sources: Sources) -> Embedded:
    source = sources.examples / example
    _copy(source / "repository", "**/*", built)
    _copy(source, "*.yaml", built / "plans" / example)
    _copy(sources.policies, "**/*.yaml", built / "policies")
    _copy(sources.policies, "README.md", built / "policies")
    return make_embedded_crm(built / _CRM, source / "crm" / "accounts.csv", source / "crm" / "users.csv")


def _copy(source: Path, pattern: str, target: Path) -> None:
    """Copy what the files hold and not who may write them: an installation may be read-only."""
    for file in sorted(source.glob(pattern)):
        if file.is_file():
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
