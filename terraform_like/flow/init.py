"""`territory init`: a fresh territory repository, of an example or to be filled in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform_like import git
from terraform_like.crm.embedded import Embedded, EmbeddedError, make_embedded_crm
from terraform_like.diagnostics import Halt, Report, did_you_mean

_PACKAGE = Path(__file__).parent.parent
_BLANK = Path(__file__).parent / "skeleton" / "blank"
_CRM = "crm.sqlite"
_IGNORED = f"# The tool's own files, and the CRM where it is a file.\n.territory/\n{_CRM}*\n"


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
    commit : str
        Its first commit.
    crm : Embedded or None
        How much the embedded CRM holds, where there is one.
    """

    root: Path
    example: str | None
    commit: str
    crm: Embedded | None


def init(
    directory: Path, *, example: str | None = None, example_sources: Sources | None = None
) -> tuple[Initialised, Report]:
    """Make a territory repository, git-initialised with one commit; where it fails, nothing is left.

    Parameters
    ----------
    directory : Path
        Where; an empty folder, or one that does not exist yet.
    example : str, optional
        Name of an example, which comes with an embedded CRM; without one the repository is to be filled in.
    example_sources : Sources, optional
        Where the parts come from; those that came with the tool.

    Raises
    ------
    Halt
        When the folder is in use, there is no such example, there is no git, or the disk refuses.
    """
    report = Report()
    sources = example_sources or Sources.shipped()
    if example is not None and example not in sources.names:
        there = f"Examples: {', '.join(sources.names)}." if sources.names else "None came with this installation."
        report.error(f'There is no example "{example}"', f"{there}{did_you_mean(example, sources.names)}")
    try:
        _must_be_free(directory, report)
        if report.failed:
            raise Halt(report)
        return _made(directory, example, sources), report
    except git.GitError as error:
        report.error("The repository cannot be made", str(error))
    except EmbeddedError as error:
        report.error(f'The example "{example}" is broken', str(error))
    except OSError as error:
        report.error("The repository cannot be made", f"{error.filename or directory}: {error.strerror or error}.")
    raise Halt(report)


def _must_be_free(directory: Path, report: Report) -> None:
    if directory.is_dir():
        if any(directory.iterdir()):
            detail = "A new repository needs a folder that is empty or does not exist: territory init OTHER-FOLDER."
            report.error(f"{directory} is not empty", detail)
    elif directory.exists():
        report.error(f"{directory} is a file", "Name a folder that is empty or does not exist.")


def _made(directory: Path, example: str | None, sources: Sources) -> Initialised:
    """Build beside the folder, or inside it where it exists (it may be somebody's working directory), then rename."""
    there = directory.is_dir()
    near = directory if there else next(parent for parent in directory.absolute().parents if parent.is_dir())
    with TemporaryDirectory(prefix=".territory-init-", dir=near) as temporary:
        built = Path(temporary) / "built"
        built.mkdir()
        crm = None
        if example is None:
            _copy(_BLANK, "**/*", built)
        else:
            crm = _example(built, example, sources)
        _copy(sources.schemas, "*.json", built / "schemas")
        (built / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        commit = git.init(built)
        if there:
            for part in sorted(built.iterdir()):
                part.rename(directory / part.name)
        else:
            directory.parent.mkdir(parents=True, exist_ok=True)
            built.rename(directory)
    return Initialised(directory, example, commit, crm)


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
