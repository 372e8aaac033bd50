"""What was logged, which under --testing is all that is left of a message box."""

import logging


class LogRecorder(logging.Handler):
    """Keeps the messages of the root logger."""

    def __init__(self):
        super().__init__(logging.INFO)
        self.records = []
        root = logging.getLogger()
        self._level = root.level
        root.setLevel(min(self._level or logging.INFO, logging.INFO))
        root.addHandler(self)

    def emit(self, record):
        self.records.append(record)

    def texts(self, level=logging.INFO):
        """The messages of a level and above, oldest first."""
        return [record.getMessage() for record in self.records if record.levelno >= level]

    @property
    def errors(self):
        """Those of errors, among them the texts given to slicer.util.errorDisplay."""
        return self.texts(logging.ERROR)

    def close(self):
        logging.getLogger().removeHandler(self)
        logging.getLogger().setLevel(self._level)
        super().close()
