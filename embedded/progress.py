"""Showing what is being started: a moving line on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Takes the name of the step and the share of it that is done, if that is known.
Report = Callable[[str, float | None], None]


@contextmanager
def shown(write: Callable[[str], None], *, is_terminal: bool | None = None) -> Iterator[Report]:
    """Yield a function that shows progress until the block ends."""
    if sys.stderr.isatty() if is_terminal is None else is_terminal:
        with _on_terminal() as report:
            yield report
        return
    last: list[str] = []

    def note(step: str, _fraction: float | None) -> None:
        if last != [step]:
            last[:] = [step]
            write(f"{step} ...")

    yield note


@contextmanager
def _on_terminal() -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - slow, and rarely needed
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def move(step: str, fraction: float | None) -> None:
            progress.update(task, description=step, total=None if fraction is None else 1.0, completed=fraction or 0.0)

        yield move
