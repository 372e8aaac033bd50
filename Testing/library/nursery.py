"""Child processes by the dozen, each forked from one that has imported torch already: milliseconds instead of seconds.

Run as a program, this forks for every line of its input, {"function": "module:name", "arguments": {…}, "ranks": n}, as
many children as it has ranks, each with the environment that `torchrun` would give it, and answers with a line of their
process numbers and, when all have ended, one of their exit codes: 0, 2 after a SASANError, 1 after any other.
"""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

USER_ERROR = 2


class Nursery:
    """The other side of it. Children are started one after the other, those of one start at the same time."""

    def __init__(self, process: subprocess.Popen):
        self.process = process

    def start(self, function: str, ranks: int = 1, **arguments) -> list[int]:
        """The children's process numbers."""
        order = {"function": function, "arguments": arguments, "ranks": ranks}
        self.process.stdin.write(json.dumps(order, default=str) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def exit_codes(self) -> list[int]:
        return json.loads(self.process.stdout.readline())

    def run(self, function: str, ranks: int = 1, **arguments) -> list[int]:
        self.start(function, ranks, **arguments)
        return self.exit_codes()


@contextmanager
def nursery() -> Iterator[Nursery]:
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
    ) as process:
        yield Nursery(process)
        process.stdin.close()


def die() -> None:
    """As by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _child(function: str, arguments: dict, environment: dict[str, str]) -> int:
    from SASANLib.errors import SASANError

    os.environ.update(environment)
    module, name = function.split(":")
    try:
        getattr(importlib.import_module(module), name)(**arguments)
    except SASANError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _serve() -> None:
    import torch

    import SASANLib.training.engine  # noqa: F401

    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # the first optimiser imports a second's worth of torch
    for line in sys.stdin:
        order, children = json.loads(line), []
        shared = {"WORLD_SIZE": str(order["ranks"]), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
        for rank in range(order["ranks"]):
            child = os.fork()
            if child == 0:
                own = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
                os._exit(_child(order["function"], order["arguments"], shared | own))
            children.append(child)
        print(json.dumps(children), flush=True)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(codes), flush=True)


if __name__ == "__main__":
    _serve()
