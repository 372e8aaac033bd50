"""One progress bar per case on stderr, with the notices above it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from SASANLib.translation import Translation, Translator
    from SASANLib.volumes import Volume


class CaseProgress:
    """Use as a context manager; on something else than a terminal only the sentences are written."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.fields[case]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> "CaseProgress":
        self._progress.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._progress.stop()

    def tell(self, text: str) -> None:
        """One line on stderr, as it is: file names must not be taken for markup, nor wrapped."""
        self._console.print(" ".join(text.split()), markup=False, highlight=False, soft_wrap=True)

    def translate(
        self, translator: "Translator", volume: "Volume", direction: str, *, case: str, **options
    ) -> "Translation":
        """`translator.translate` with a bar named `case`; notices are told as they come."""
        task = self._progress.add_task("Preparing", total=None, case=case)

        def show(done: int, total: int, stage: str) -> None:
            self._progress.update(task, completed=done, total=total, description=stage)

        try:
            translation = translator.translate(
                volume, direction, progress=show, notice=lambda text: self.tell(f"{case}: {text}"), **options
            )
        except BaseException:
            self._progress.remove_task(task)
            raise
        self._progress.update(task, description="Done")
        return translation
