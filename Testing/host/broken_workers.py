"""Workers that do everything wrong, each as the code of a child process: what the client must survive."""

import sys

_START = """
import json, os, subprocess, sys, time
if hasattr(os, "setsid"):
    os.setsid()

def say(**event):
    print(json.dumps(event), flush=True)

def requests():
    for line in sys.stdin:
        yield json.loads(line)

def wait_forever():
    time.sleep(600)

say(event="starting", id=None, pid=os.getpid(), protocol=1)
"""

_BEGIN = (
    _START
    + """
for r in requests():
    if r["request"] == "hello":
        say(event="ready", id=r["id"], version="0", torch="0", devices=[{"name": "cpu", "description": "CPU"}])
    else:
        break
say(event="progress", id=r["id"], done=0, total=4, stage="Axial slices", eta=None)
"""
)

_CODES = {
    "prints garbage": _BEGIN + "print('a stray print', flush=True); wait_forever()",
    "prints half an event": _BEGIN + "say(event='progress', id=r['id']); wait_forever()",
    "prints bytes": _BEGIN + "os.write(1, bytes([255, 254, 0, 10])); wait_forever()",
    "crashes": _BEGIN + "print('about to crash', file=sys.stderr, flush=True); os.abort()",
    "exits": _BEGIN + "sys.exit(3)",
    "ignores cancel": _BEGIN + "list(requests()); wait_forever()",
    "ignores quit": _BEGIN + "wait_forever()",
    "never starts": _START + "wait_forever()",
    "cannot import": "import a_package_that_is_not_there",
    "speaks another protocol": _START.replace("protocol=1", "protocol=99") + "wait_forever()",
    "has a child": _BEGIN
    + """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
say(event="notice", id=r["id"], message=str(child.pid), unfamiliar=False)
wait_forever()
""",
    "answers in pieces": _BEGIN
    + """
text = json.dumps({"event": "result", "id": r["id"], "answer": "ü" * 50000}, ensure_ascii=False).encode() + b"\\n"
for start in range(0, len(text), 7919):
    os.write(1, text[start : start + 7919])
    time.sleep(0.01)
sys.stdin.read()
""",
    "refuses": _BEGIN
    + """
say(event="error", id=r["id"], kind="input", message="It is constant.", hint="Check it.")
sys.stdin.read()
""",
}


def command(name):
    """What `WorkerClient(command=…)` takes, for the worker of that name."""
    return lambda: (sys.executable, ["-c", _CODES[name]])
