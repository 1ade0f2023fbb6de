"""A request without a good credential is refused by its headers alone; nobody reads what it wants to send."""

from tests.support.house import House, Seat

from rollbook.identity.token_text import write_token


def _head(seat: Seat, method: str, path: str, *fields: str) -> bytes:
    host = f"Host: 127.0.0.1:{seat.house.server.port}"
    return "\r\n".join([f"{method} /scim/v2{path} HTTP/1.1", host, *fields, "", ""]).encode()


LENGTH = "Content-Length: 16000000"
JSON = "Content-Type: application/scim+json"


def test_a_large_body_without_a_credential_is_refused_before_it_is_sent(seat: Seat) -> None:
    for fields in ((), ("Authorization: Bearer nonsense",), (f"Authorization: Bearer {write_token(bytes(32))}",)):
        with seat.house.server.connect() as connection:
            connection.send(_head(seat, "POST", "/Users", LENGTH, JSON, *fields))
            answer = connection.answer()
            assert answer.status == 401
            assert answer.json()["status"] == "401"
            assert "www-authenticate" in answer.headers
            assert answer.headers["connection"] == "close"


def test_so_is_one_that_comes_in_chunks_and_one_to_an_address_that_does_not_exist(seat: Seat) -> None:
    for path in ("/Users", "/Nothing", "/Bulk", "/Users/.search"):
        with seat.house.server.connect() as connection:
            connection.send(_head(seat, "POST", path, "Transfer-Encoding: chunked", JSON))
            assert connection.answer().status == 401


def test_with_a_credential_the_body_is_read_as_ever(seat: Seat) -> None:
    body = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ann"}'
    fields = (f"Content-Length: {len(body)}", JSON, f"Authorization: Bearer {seat.token}")
    with seat.house.server.connect() as connection:
        for status in (201, 409):
            connection.send(_head(seat, "POST", "/Users", *fields))
            connection.send(body)
            assert connection.answer().status == status


def test_an_open_address_needs_no_credential_even_with_a_body(house: House) -> None:
    seat = house.seat()
    with house.server.connect() as connection:
        connection.send(_head(seat, "GET", "/Schemas", "Content-Length: 2", JSON) + b"{}")
        assert connection.answer().status == 200


def test_a_refused_login_leaves_its_event_once(seat: Seat) -> None:
    headers = {"authorization": "Bearer nonsense"}
    assert [seat.post("/Users", {}, headers=headers).status_code for _ in range(3)] == [401] * 3
    assert seat.events()[-1].kind.value != "login:refuse", "whose token it was meant to be, nobody knows"
