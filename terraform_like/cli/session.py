"""One run of a command: what it was asked to print, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terraform_like.diagnostics import Halt, Report

if TYPE_CHECKING:
    from terraform_like.config.load import Repository
    from terraform_like.config.variables import Overrides

#: Exit codes of the contract.
DONE, FAILED, CHANGES, INTERRUPTED = 0, 1, 2, 130


@dataclass(slots=True)
class Session:
    """The global options, and where results go.

    Parameters
    ----------
    chdir : pathlib.Path
        The territory repository.
    as_json : bool
        Machine output, all of it on stdout.
    json_into : pathlib.Path or None
        File that gets the machine output as well.
    no_color, quiet : bool
        Whether escape codes may not be used; whether only results and errors are shown.
    """

    chdir: Path = Path()
    as_json: bool = False
    json_into: Path | None = None
    no_color: bool = False
    quiet: bool = False

    def overrides(self, given: dict[str, str]) -> Overrides:
        """Give what sets `vars:` anew: what was given with --var, else the environment."""
        import os

        from terraform_like.config.variables import Overrides

        return Overrides(given, dict(os.environ))

    def repository(self, *, offline: bool = False) -> Repository:
        """Open the territory repository that the session is in; offline, no environment needs to name logins."""
        from terraform_like.config.load import open_repository

        return open_repository(self.chdir, offline=offline)

    @property
    def width(self) -> int:
        """Columns of the terminal; 80 where there is none."""
        import shutil

        return max(60, min(shutil.get_terminal_size((80, 24)).columns, 140))

    def colored(self, stream: Any) -> bool:
        """Say whether escape codes may go to a stream: a terminal that knows them, and nobody said no."""
        import os

        refused = self.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not refused and bool(stream.isatty())

    def finish(
        self,
        command: str,
        result: Any,
        report: Report,
        text: Callable[[bool], str] | None = None,
        code: int = DONE,
        *,
        warned: bool = False,
    ) -> int:
        """Show what a command gave and what it has to say.

        Parameters
        ----------
        command : str
            The command.
        result : Any
            What it gave, for programs.
        report : Report
            What it has to say.
        text : callable, optional
            Gives the result for people; told whether it may be coloured.
        code : int
            How to end when there is no error.
        warned : bool
            Whether the text tells the warnings and notes already.

        Returns
        -------
        int
            The exit code: 1 where there is an error.
        """
        if self.as_json or self.json_into:
            from terraform_like.report.machine import machine_text

            machine = machine_text(command, result, report) + "\n"
            if self.as_json:
                sys.stdout.write(machine)
                sys.stdout.flush()
            if self.json_into:
                self.json_into.write_text(machine, encoding="utf-8")
            if self.as_json:
                return FAILED if report.failed else code
        if text is not None:
            shown = _showable(text(self.colored(sys.stdout)), sys.stdout)
            sys.stdout.write(shown if shown.endswith("\n") or not shown else shown + "\n")
            sys.stdout.flush()
        self._tell(report, warned)
        return FAILED if report.failed else code

    def _tell(self, report: Report, warned: bool) -> None:
        from terraform_like.diagnostics import Severity

        told = [d for d in report if d.severity is Severity.ERROR or not (self.quiet or warned)]
        if told:
            from terraform_like.report.diagnostics import diagnostics_text

            text = diagnostics_text(told, color=self.colored(sys.stderr), width=self.width)
            text = _showable(text, sys.stderr)
            sys.stderr.write(text if text.endswith("\n") else text + "\n")

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Show what is being done, on a terminal only."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            with nullcontext():
                yield lambda _: None
            return
        from rich.console import Console
        from rich.status import Status

        status = Status("Starting", console=Console(stderr=True, no_color=self.no_color))
        with status:
            yield lambda text: status.update(f"{text} ...")

    @contextmanager
    def interruptible(self) -> Iterator[Callable[[], bool]]:
        """Take the first Ctrl-C as a wish for the best result so far; the next one ends the command."""
        import signal
        import threading

        wished = threading.Event()

        def wish(*_: object) -> None:
            wished.set()
            signal.signal(signal.SIGINT, before)
            if not self.quiet:
                sys.stderr.write("\nStopping with the best plan so far. Ctrl-C again ends without one.\n")
                sys.stderr.flush()

        before = signal.signal(signal.SIGINT, wish)
        try:
            yield wished.is_set
        finally:
            signal.signal(signal.SIGINT, before)

    def run(self, command: str, work: Callable[[], int]) -> int:
        """Run a command's work; an error that ends it is shown, never thrown."""
        try:
            return self._ended(command, work)
        except BrokenPipeError:
            raise
        except OSError as error:
            # A file of the user's: no right to it, no room for it, or a folder that is not there.
            report = Report()
            report.error("A file cannot be read or written", f"{error.filename or self.chdir}: {error.strerror}.")
            self._tell(report, warned=False)
            return FAILED

    def _ended(self, command: str, work: Callable[[], int]) -> int:
        try:
            return work()
        except Halt as halt:
            return self.finish(command, None, halt.report)


def _showable(text: str, stream: Any) -> str:
    """Give text with marks that the stream can show; most can, and then it costs nothing to say so."""
    encoding = str(stream.encoding or "ascii").lower()
    if text.isascii() or encoding in ("utf-8", "utf8"):
        return text
    from terraform_like.report.terminal import in_encoding

    return in_encoding(text, encoding)
