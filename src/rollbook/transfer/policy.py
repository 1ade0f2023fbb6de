"""The tables ``[policy]``, ``[brakes]``, ``[run]`` and ``[report]`` of a transfer's config."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """``[policy]``: whom a run may touch, and what becomes of unknown users and leavers."""


@dataclass(frozen=True, slots=True)
class Brakes:
    """``[brakes]``: what stops a run before it begins."""


@dataclass(frozen=True, slots=True)
class Run:
    """``[run]``: how a run goes about it."""


@dataclass(frozen=True, slots=True)
class Report:
    """``[report]``: what is told of a run."""
