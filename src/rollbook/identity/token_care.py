"""Revoking tokens (RFC 7009) and telling of them (RFC 7662), for clients that have proved themselves."""

from datetime import datetime
from typing import Any

from rollbook.clock import Clock
from rollbook.events import Event, Kind
from rollbook.identity.access_tokens import AccessTokens
from rollbook.identity.issuing import Origin
from rollbook.identity.standing import holds
from rollbook.identity.token_text import REFRESH, digest_of
from rollbook.ids import ordered_id
from rollbook.oauth.access_token import AccessToken
from rollbook.oauth.introspection import INACTIVE, of_access_token, of_refresh_token
from rollbook.storage.contract import Store
from rollbook.storage.identity_records import Family, KnownClient


class TokenCare:
    def __init__(self, store: Store, clock: Clock, issuer: str, access: AccessTokens) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer
        self._access = access

    async def revoke(self, known: KnownClient, text: str, origin: Origin) -> None:
        """End a token of the client: an access token alone, a refresh token with its login and all that follows.

        **Rules** (RFC 7009 §2.2): what is unknown or ended already, and what is another client's, is passed over in
        silence, so that nobody finds out which tokens there are.
        """
        digest = digest_of(text, REFRESH)
        if digest is not None:
            found = await self._store.identity.find_refresh(digest)
            if found is not None and found.family.client == known.client.id:
                await self._end_login(found.family, origin)
            return
        token = await self._access.read(text)
        if token is not None and token.client == known.client.id:
            event = self._event(Kind.TOKEN_REVOKED, known, origin)
            await self._store.identity.revoke_access(token.id, token.expires, token.tenant, event)

    async def _end_login(self, family: Family, origin: Origin) -> None:
        event = Event(
            id=ordered_id(),
            at=self._clock.written(),
            kind=Kind.GRANT_REVOKED,
            actor=f"client:{family.client}",
            peer=origin.peer,
            request=origin.request,
            resource_type="Client",
            resource=family.client,
            status=200,
        )
        await self._store.identity.revoke_family(family.tenant, family.id, event.at, event)

    async def introspect(self, known: KnownClient, text: str) -> dict[str, Any]:
        """What there is to say of a token.

        **Rules**: a client hears of its own tokens; a resource server of all access tokens of the tenants that it is
        let into. Everybody else hears what is said of a token that is unknown: ``active`` is false.
        """
        digest = digest_of(text, REFRESH)
        if digest is not None:
            return await self._of_refresh(known, digest)
        token = await self._access.read(text)
        if token is None or not _concerns(known, token):
            return INACTIVE
        standing = await self._access.standing(token)
        scopes = holds(standing, token)
        if standing is None or scopes is None or standing.tenant.status != "active":
            return INACTIVE
        if not self._access.is_for(token, standing):
            return INACTIVE
        user = await self._store.identity.find_user(token.user) if token.user is not None else None
        return of_access_token(token, scopes, self._issuer, user.name if user is not None else None)

    async def _of_refresh(self, known: KnownClient, digest: bytes) -> dict[str, Any]:
        found = await self._store.identity.find_refresh(digest)
        if found is None or found.family.client != known.client.id:
            return INACTIVE
        family, expires, usable = found
        standing = await self._store.identity.standing(family.tenant, family.client, family.user, family.id, family.id)
        as_token = AccessToken(
            id="",
            tenant=family.tenant,
            client=family.client,
            user=family.user,
            family=family.id,
            scopes=family.scopes,
            audience=family.audience,
            client_epoch=family.client_epoch,
            user_epoch=family.user_epoch,
            issued=0,
            expires=0,
        )
        scopes = holds(standing, as_token)
        ended = not usable or expires <= self._clock.written()
        if ended or standing is None or not scopes or standing.tenant.status != "active":
            return INACTIVE
        seconds = int(datetime.fromisoformat(expires).timestamp())
        return of_refresh_token(scopes, family.client, as_token.subject, self._issuer, seconds)

    def _event(self, kind: Kind, known: KnownClient, origin: Origin) -> Event:
        return Event(
            id=ordered_id(),
            at=self._clock.written(),
            kind=kind,
            actor=f"client:{known.client.id}",
            peer=origin.peer,
            request=origin.request,
            resource_type="Client",
            resource=known.client.id,
            status=200,
        )


def _concerns(known: KnownClient, token: AccessToken) -> bool:
    if token.client == known.client.id:
        return True
    return known.client.resource_server and any(link.tenant == token.tenant for link in known.tenants)
