"""The Translate button: its states, the progress, the banner, and what went wrong."""

from slicer.i18n import tr as _

from SASANTranslationLib.states import RESTING, RUNNING, State, StateMachine

#: With a background of its own, so that it is read in dark styles too.
_FAILED_STYLE = "background-color: #f8d7da; color: #842029; border: 1px solid #e0a3a8; padding: 4px;"

#: Of a torso given to a head model nearly everything is unusual; three sentences say it.
_BANNER_LINES = 3


class RunSection:
    """Shows the state of a run; the panel tells it what happens.

    clicked(): the button, whatever it says.
    """

    def __init__(self, ui, clicked):
        self._ui = ui
        self._machine = StateMachine(lambda state: self._show())
        self._reason = ""
        self._message = ""
        ui.translateButton.connect("clicked()", clicked)
        ui.bannerLabel.visible = False
        self._show()

    @property
    def state(self):
        return self._machine.state

    def set_reason(self, reason):
        """Why a click could not work; empty when it could. What a run came to stays readable."""
        self._reason = reason
        if self.state in (State.NOT_READY, State.READY):
            self._machine.go(State.NOT_READY if reason else State.READY)
        else:
            self._show()

    def settle(self):
        """Something else was chosen: what the last run came to is not about it."""
        if self.state in RESTING:
            self._message = ""
            self._machine.go(State.NOT_READY if self._reason else State.READY)

    def go(self, state, message=""):
        """Step to `state`, with a sentence under the button."""
        self._message = message
        self._machine.go(state)

    def say(self, text):
        """Put a sentence under the button that does not change the state."""
        self._message = text
        self._show()

    def progress(self, fraction, stage, eta):
        """fraction: 0 to 1; eta: seconds left, or None."""
        if self.state is State.STARTING:
            self._machine.go(State.TRANSLATING)
        self._ui.progressBar.setRange(0, 1000)
        self._ui.progressBar.value = round(1000 * fraction)
        if self.state is State.TRANSLATING:
            self._ui.statusLabel.text = f"{stage} · {time_left(eta)}" if eta is not None else stage

    def show_banner(self, sentences):
        """Say what is unusual about the input; an empty list takes the banner away."""
        self._ui.bannerLabel.visible = bool(sentences)
        if sentences:
            heading = _("This image is unlike those the model was trained on. Judge the result with care:")
            lines = sentences[:_BANNER_LINES]
            if len(sentences) > len(lines):
                lines = [*lines, _("and {count} more, see the log").format(count=len(sentences) - len(lines))]
            self._ui.bannerLabel.text = heading + "".join(f"\n• {line}" for line in lines)
            self._ui.bannerLabel.toolTip = "\n".join(sentences)

    def add_log(self, text):
        """Append what the worker wrote on its stderr, or anything else worth keeping."""
        self._ui.logText.appendPlainText(text.rstrip("\n"))

    def _show(self):
        state, ui = self.state, self._ui
        running = state in RUNNING
        ui.translateButton.text = _("Cancel") if running else _("Translate")
        waits = state in RESTING and not self._reason
        ui.translateButton.enabled = waits or state in (State.STARTING, State.TRANSLATING)
        ui.translateButton.toolTip = self._tool_tip()
        ui.progressBar.visible = running or state is State.INSTALLING
        if state in (State.STARTING, State.INSTALLING):
            ui.progressBar.setRange(0, 0)  # moves, and says nothing of how long
        ui.statusLabel.text = self._status()
        ui.statusLabel.styleSheet = _FAILED_STYLE if state is State.FAILED else ""

    def _tool_tip(self):
        if self.state in RESTING and self._reason:
            return self._reason
        if self.state in RUNNING:
            return _("End the translation; nothing is added to the scene.")
        return _("Translate the input volume; Slicer stays usable meanwhile.")

    def _status(self):
        return {
            State.NOT_READY: self._reason,
            State.INSTALLING: _("Installing Python packages: this may take some minutes."),
            State.STARTING: _("Starting the worker process…"),
            State.CANCELLING: _("Cancelling…"),
        }.get(self.state, self._message)


def time_left(seconds):
    """ "about 40 s left" """
    if round(seconds) < 60:
        return _("about {seconds} s left").format(seconds=max(1, round(seconds)))
    return _("about {minutes} min left").format(minutes=max(1, round(seconds / 60)))
