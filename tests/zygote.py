"""`territory` at the cost of a fork: a process that has imported everything, and makes a child of itself for each run.

Most of a short command's time goes into imports. A child of a process that has done them runs the same `main()` on real
files: its standard streams, folder, environment and arguments are the caller's, it ends as any interpreter does, and
nothing it changes is seen by the next. What an interpreter or a library reads once, at its start, cannot be given to a
child; where the caller's differ from the zygote's, a new process is started instead.

Only one thread may run where a process forks: OpenBLAS is told to have no others, and polars starts its threads with
its first query, which happens in a child.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: Variables that are read once: by the interpreter, the C library, or a library with threads.
AT_START = ("PYTHON", "LC_", "LANG", "OMP_", "OPENBLAS_", "POLARS_", "RAYON_")
#: What functions of the package import when they are called, and the `territory` command pays for at each start.
ON_CALL = (
    *("cvxpy", "git", "rich.console", "rich.padding", "rich.status", "rich.table", "rich.text"),
    *("scipy.optimize", "scipy.sparse.csgraph", "scipy.spatial"),
)

#: The command: plain Python without site-packages, which starts in a hundredth of a second.
CLIENT = """#!{python} -IS
import json, os, socket, sys
at_start = {{name: value for name, value in os.environ.items() if name.startswith({prefixes!r})}}
if at_start != {at_start!r}:
    os.execv({python!r}, [{python!r}, "-m", "terraform_like", *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as zygote:
    zygote.connect({address!r})
    socket.send_fds(zygote, [b"-"], [0, 1, 2])
    zygote.sendall(json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode())
    zygote.shutdown(socket.SHUT_WR)
    ended = zygote.recv(16)
sys.exit(int(ended) if ended else "the zygote of the tests died")
"""


@contextmanager
def zygote() -> Iterator[Path]:
    """Start a zygote, and end it at last.

    Yields
    ------
    pathlib.Path
        A folder for PATH: its `territory` does what the installed one does.
    """
    # The name of a socket must be short: it is not made where pytest would make it.
    with tempfile.TemporaryDirectory(prefix="zygote-") as folder:
        address, command = Path(folder, "socket"), Path(folder, "bin", "territory")
        command.parent.mkdir()
        command.write_text(
            CLIENT.format(
                python=sys.executable,
                prefixes=AT_START,
                at_start={name: value for name, value in os.environ.items() if name.startswith(AT_START)},
                address=str(address),
            )
        )
        command.chmod(0o755)
        process = subprocess.Popen(
            [sys.executable, __file__, str(address)],
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None and process.stdout.readline(), "the zygote did not start"
            yield command.parent
        finally:
            process.terminate()
            process.communicate()


def serve(address: str) -> None:
    """Import what commands import, then fork for each that is asked for, until somebody ends this process."""
    import terraform_like

    for module in pkgutil.walk_packages(terraform_like.__path__, "terraform_like."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ON_CALL:
        importlib.import_module(name)
    # A child that looks for garbage among all this would have to copy it.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            caller, _ = listening.accept()
            with caller:
                if os.fork() == 0:
                    listening.close()
                    _answer(caller)
                    return
            # Those who have answered leave their times here, so that `time pytest` counts them.
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(caller: socket.socket) -> None:
    """Run a command in a child, and tell the caller how it ended."""
    _, streams, _, _ = socket.recv_fds(caller, 1, 3)
    asked = b"".join(iter(lambda: caller.recv(1 << 16), b""))
    child = os.fork()
    if child == 0:
        caller.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _run(*json.loads(asked))
    for stream in streams:
        os.close(stream)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError):
        # A shell says of a process that a signal ended: 128 and its number.
        caller.sendall(str(code if code >= 0 else 128 - code).encode())
    os._exit(0)


def _run(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = arguments
    # Streams remember what kind of file they were opened on.
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors, closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding=sys.stderr.encoding, errors=sys.stderr.errors, closefd=False)
    from terraform_like.cli import main

    main()


if __name__ == "__main__":
    serve(*sys.argv[1:])
