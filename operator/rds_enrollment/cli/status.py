"""`rds-enrollment status`."""

import asyncio
import signal
import threading
from types import FrameType

import click

from rds_enrollment.cli.output import Form, output_flag, print_data, print_text


@click.command("status")
@click.option("-n", "--namespace", help="Only the objects in one namespace (default: in all).")
@click.option("-w", "--watch", is_flag=True, help="Show it again and again, until Ctrl-C.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.5),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Pause of --watch.",
)
@output_flag
def command(namespace: str | None, watch: bool, interval: float, output: Form) -> None:
    """Show enrolments with their deployments, tasks and databases.

    Everything is read from the objects' own status: it needs the right to list them, and nothing else.
    """
    if not watch:
        _show(namespace, output)
        return
    if output != "table":
        raise click.UsageError("--watch shows a table only; run it without --output")
    stop = _interruption()
    while not stop.is_set():
        click.clear()  # does nothing where no terminal is
        _show(namespace, output)
        stop.wait(interval)


def _interruption() -> threading.Event:
    """Set by the first Ctrl-C; the second one interrupts what is under way.

    asyncio.run turns Ctrl-C into a cancellation, which is lost when it meets a task that is about to end.
    """
    stop = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            signal.default_int_handler(number, frame)
        stop.set()

    signal.signal(signal.SIGINT, note)
    return stop


def _show(namespace: str | None, output: Form) -> None:
    from rds_enrollment.cli.objects import read_objects
    from rds_enrollment.cli.overview import overview
    from rds_enrollment.cli.tree import draw

    found = overview(asyncio.run(read_objects(namespace)))
    if output == "table":
        print_text(draw(found))
    else:
        print_data(found, output)
