"""The entry of the child process: `python -m SASANLib.worker`."""

import faulthandler
import os
import sys
import traceback
from contextlib import suppress

from SASANLib.worker import PROTOCOL
from SASANLib.worker.channel import Channel


def main() -> None:
    """Answer requests until stdin ends; does not return."""
    if hasattr(os, "setsid"):
        with suppress(OSError):  # the leader of a group is what we want to be
            os.setsid()
    channel = Channel()
    faulthandler.enable()  # a crash in compiled code leaves its place in the log
    channel.send("starting", None, pid=os.getpid(), protocol=PROTOCOL)
    try:
        from SASANLib.worker.inbox import Inbox
        from SASANLib.worker.session import Session
    except ImportError as error:
        traceback.print_exc()
        hint = "Install SASAN's Python packages again."
        channel.send("error", None, kind="internal", message=f"The worker cannot start: {error}.", hint=hint)
        sys.exit(1)
    inbox = Inbox(channel)
    channel.closed = inbox.leave
    inbox.start()
    Session(channel, inbox).serve()


if __name__ == "__main__":
    main()
