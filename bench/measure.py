"""What a measurement is: samples of one cell in several passes, and the median of them."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.machine import Processes


class CannotMeasure(Exception):
    """The run cannot go on; the message says why and what to do."""


@dataclass
class Sample:
    """One stretch of load. Latencies are milliseconds; ``cpu`` is seconds of the server's processes (its database too),
    in total."""

    count: int
    seconds: float
    p50: float
    p99: float
    errors: int
    cpu: float | None = None

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    @property
    def cpu_each(self) -> float | None:
        """Microseconds of CPU for each request."""
        return None if self.cpu is None or not self.count else self.cpu / self.count * 1e6


@dataclass
class Cell:
    """One operation on one subject: ``load`` sends for so many seconds. ``processes`` are those whose CPU it costs."""

    subject: str
    operation: str
    load: Callable[[float], Sample]
    processes: Processes
    samples: list[Sample] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.subject} {self.operation}"

    def measure(self, seconds: float, warm: float) -> Sample:
        """Load it for a moment uncounted, then for so long."""
        self.load(warm)
        before = self.processes.cpu()
        sample = self.load(seconds)
        if sample.cpu is None:  # a loop in this process has counted its own
            sample.cpu = self.processes.cpu() - before
        self.samples.append(sample)
        return sample

    @property
    def rate(self) -> float:
        return statistics.median(s.rate for s in self.samples)

    @property
    def errors(self) -> int:
        return sum(s.errors for s in self.samples)

    def summary(self) -> dict[str, float | int | str | list[float] | None]:
        costs = [s.cpu_each for s in self.samples if s.cpu_each is not None]
        return {
            "subject": self.subject,
            "operation": self.operation,
            "rate": round(self.rate),
            "p50_ms": round(statistics.median(s.p50 for s in self.samples), 3),
            "p99_ms": round(statistics.median(s.p99 for s in self.samples), 3),
            "cpu_us": round(statistics.median(costs), 1) if costs else None,
            "errors": self.errors,
            "rates": [round(s.rate) for s in self.samples],
        }


def interleave(cells: list[Cell], passes: int, seconds: float, warm: float, tell: Callable[[str], None]) -> None:
    """Every cell once, then every cell again: what else the machine does meanwhile meets all of them alike."""
    for number in range(passes):
        for cell in cells:
            sample = cell.measure(seconds, warm)
            wrong = f"  {sample.errors} ERRORS" if sample.errors else ""
            tell(f"pass {number + 1}  {cell.name:<32} {sample.rate:>9,.0f}/s  p99 {sample.p99:.2f} ms{wrong}")
