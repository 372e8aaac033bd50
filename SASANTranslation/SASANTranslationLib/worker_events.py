"""What the worker says, held to the protocol of `SASANLib.worker`."""

import json

PROTOCOL = 1

_OPTIONAL_NUMBER = (int, float, type(None))

#: The worker's events, and what each must bring.
_EVENTS = {
    "starting": {"pid": int, "protocol": int},
    "ready": {"devices": list},
    "progress": {"id": int, "done": int, "total": int, "stage": str, "eta": _OPTIONAL_NUMBER},
    "notice": {"id": int, "message": str, "unfamiliar": bool},
    "result": {"id": int},
    "error": {"id": (int, type(None)), "kind": str, "message": str, "hint": str},
}


def parse_event(line):
    """The event in a line of the worker; ValueError unless it is one of the protocol's."""
    event = json.loads(line)
    if not isinstance(event, dict) or event.get("event") not in _EVENTS:
        raise ValueError("not an event")
    for key, types in _EVENTS[event["event"]].items():
        if key not in event or not isinstance(event[key], types):
            raise ValueError(f"no {key}")
    if event["event"] == "starting" and event["protocol"] != PROTOCOL:
        raise ValueError(f"protocol {event['protocol']} instead of {PROTOCOL}")
    return event
