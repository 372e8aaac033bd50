"""What the Translate button is at: an explicit machine, so that no state is ever left half-way."""

from enum import Enum


class State(Enum):
    NOT_READY = "not ready"
    READY = "ready"
    INSTALLING = "installing"
    STARTING = "starting"
    TRANSLATING = "translating"
    CANCELLING = "cancelling"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


#: In these the button waits for a click (or says why it cannot be clicked).
RESTING = frozenset({State.NOT_READY, State.READY, State.DONE, State.CANCELLED, State.FAILED})

#: In these a worker is at it and the button is Cancel.
RUNNING = frozenset({State.STARTING, State.TRANSLATING, State.CANCELLING})

_BEGIN = {State.INSTALLING, State.STARTING, State.FAILED}
_END = {State.DONE, State.CANCELLED, State.FAILED}
_REST = {State.NOT_READY, State.READY}

_NEXT = {
    State.NOT_READY: _REST,
    State.READY: _REST | _BEGIN,
    State.INSTALLING: {State.STARTING, State.CANCELLED, State.FAILED},
    State.STARTING: {State.TRANSLATING, State.CANCELLING} | _END,
    State.TRANSLATING: {State.TRANSLATING, State.CANCELLING} | _END,
    State.CANCELLING: _END,
    State.DONE: _REST | _BEGIN,
    State.CANCELLED: _REST | _BEGIN,
    State.FAILED: _REST | _BEGIN,
}


class StateMachine:
    """The current `State`; `changed(state)` is called after every step."""

    def __init__(self, changed):
        self.state = State.NOT_READY
        self._changed = changed

    def go(self, state):
        """Step to `state`; ValueError for a step that must not happen."""
        if state not in _NEXT[self.state]:
            raise ValueError(f"no way from {self.state.value} to {state.value}")
        self.state = state
        self._changed(state)
