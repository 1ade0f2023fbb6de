"""A client of the product, as it is, from its login to the locker that opens."""

import pytest
from tests.identity.stage import make_desk
from tests.lockers.conftest import SCOPES, Company, new_company
from tests.support.house import House
from tests.support.releezme_client import ReleezmeClient

from rollbook.ids import random_bytes
from rollbook.storage.contract import Store
from rollbook.tenancy import connections


def client_of(company: Company) -> ReleezmeClient:
    """A client server with an API system user of this company, of whose lockers the operator knows nothing else."""
    seat = company.seat
    seat.speaking("releezme")

    async def found(store: Store) -> str:
        return (await connections.find(store, seat.tenant, "releezme")).id

    links = {seat.tenant.id: seat.house.with_store(found)}
    desk = make_desk(seat, grants=("password", "refresh_token"), scopes=SCOPES, connections=links)
    house = seat.house
    peer = {"x-forwarded-for": ".".join(str(number) for number in (10, *random_bytes(3)))}
    return ReleezmeClient(house.url, house.url, desk.id, desk.secret, desk.user.name, desk.password, house.client, peer)


@pytest.fixture
def client(house: House) -> ReleezmeClient:
    return client_of(new_company(house))


def test_from_the_login_to_the_open_locker(client: ReleezmeClient) -> None:
    client.login()
    (location,) = client.all("locations")
    (section,) = client.all(f"locations/{location['Id']}/sections")
    (pair,) = client.all(f"sections/{section['Id']}/lockerbanklockergroups/allocatable", externalUserId="ann")
    bank, group = pair["LockerBank"]["Id"], pair["LockerGroup"]["Id"]
    assert client.call("GET", "lockers/canallocate", externalUserId="ann") is True
    locker = client.call("POST", "lockers/allocate", lockerBankId=bank, lockerGroupId=group, externalUserId="ann")["Id"]
    assert [one["Id"] for one in client.all("lockers/allocated", externalUserId="ann")] == [locker]
    assert [one["Id"] for one in client.all(f"lockerbanks/{bank}/lockers") if one["NrOfAllocations"]] == [locker]
    opened = client.call("POST", f"lockers/{locker}/unlock", externalUserId="ann", openTime=20)
    assert opened == {"LockerId": locker, "OpenTime": 20}
    *_, last = client.call("GET", "events/locker/events")["Events"]
    assert (last["EventType"], last["LockerId"]) == ("LockerUnlock", locker)
    client.call("POST", f"lockers/{locker}/release", externalUserId="ann", ignoreSelfReleaseAllowed=True)
    assert list(client.all("lockers/allocated", externalUserId="ann")) == []
    assert client.call("GET", f"events/locker/events/{last['Id']}")["Events"][0]["EventType"] == "AssignmentEnd"
    assert client.logins == 1


def test_a_client_whose_token_is_no_longer_good_takes_a_new_one(client: ReleezmeClient) -> None:
    client.login()
    client.access = client.access[:-1] + ("A" if client.access[-1] != "A" else "B")
    assert [one["Name"] for one in client.all("locations")] == ["Head office"]
    assert client.logins == 2


def test_a_client_that_has_no_token_yet_logs_in_when_it_is_told(client: ReleezmeClient) -> None:
    assert client.call("GET", "companies")["Companies"][0]["Name"].startswith("acorn")


def test_a_bank_of_450_doors_is_read_in_three_pages(house: House) -> None:
    company = new_company(house, doors=0)
    client = client_of(company)
    client.login()
    bank = client.call("POST", "lockerbanks", {"Name": "Long", "SectionId": company.section})["Id"]
    client.call("POST", f"lockerbanks/{bank}/45", {"LockerCount": 10})
    read = [one["FullDoorNumber"] for one in client.all(f"lockerbanks/{bank}/lockers")]
    assert sorted(read) == [f"{n:03d}" for n in range(1, 451)]
    assert len({one["Id"] for one in client.all(f"lockerbanks/{bank}/lockerbricks")}) == 45


def test_one_client_serves_two_companies_by_their_api_users(house: House) -> None:
    acorn, birch = (client_of(new_company(house, name=name)) for name in ("acorn", "birch"))
    for client in (acorn, birch):
        client.login()
    ours, theirs = ({one["Id"] for one in client.all("lockerbanks")} for client in (acorn, birch))
    assert ours
    assert not ours & theirs
