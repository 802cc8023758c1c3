"""The `territory` command: thin, it parses, calls a flow, renders and gives an exit code."""

from __future__ import annotations

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # The carve shares its work out itself: threads of BLAS would spin beside it over sums of a thousand numbers, at
    # twice the CPU, and on a machine with more cores sum in another order.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import click

    from terraform_like.cli.commands import territory
    from terraform_like.cli.session import FAILED, INTERRUPTED

    # What a command reads lives as long as it does: looking for garbage often costs a fifth of its time.
    gc.set_threshold(500_000, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show an arrow or a name shows its number; nothing fails for that.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = territory.main(standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        # Usage errors end with 1, since 2 says that there are changes.
        error.show()
        code = FAILED
    except click.exceptions.Exit as end:
        code = end.exit_code
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("\nInterrupted.\n")
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader has gone, as `| head` does: nothing is left to say, and nowhere to say it.
        sys.stdout = None
        code = FAILED
    sys.exit(code if isinstance(code, int) else 0)
