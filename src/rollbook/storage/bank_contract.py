"""What every engine promises about a locker bank as a whole. Got by ``LockerStore.banks``."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rollbook.storage.locker_records import Act


class BankStore(Protocol):
    async def renumber(self, bank_id: str, numbers: Mapping[str, str], act: Act) -> int:
        """Doors of a bank get new numbers, by the lockers' ids, all at once; how many changed. **Raises** ``NotFound``,
        ``LockerRefused("taken")`` where two doors would have one number."""

    async def remove(self, bank_id: str, locker_ids: Sequence[str], act: Act) -> None:
        """Lockers of a bank go: all or none. **Raises** ``NotFound``, ``LockerRefused("inUse")`` where somebody holds
        or has booked one."""

    async def call(self, bank_id: str, what: str, act: Act, /, **data: Any) -> None:
        """Tell the controller of a bank something (an event ``locker_bank:{what}``). **Raises** ``NotFound``,
        ``LockerRefused("noController")``."""
