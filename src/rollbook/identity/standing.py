"""Whether a token still speaks for somebody: its client, its user, its tenant and itself, as they stand now."""

from rollbook.oauth.access_token import AccessToken
from rollbook.oauth.scopes import ordered
from rollbook.storage.identity_records import Standing


def holds(standing: Standing | None, token: AccessToken) -> tuple[str, ...] | None:
    """What the token may still do; None where it has ended. Whether it has expired is not asked here.

    **Rules**: all whom it speaks for are there and enabled, and of the epoch in which it was issued; neither it nor its
    login was revoked; the tenant is not deleted (a suspended one is ``access.enter``'s to refuse). Of its scopes those
    are left that the client still has, in general and in the tenant.
    """
    if standing is None or standing.revoked or standing.tenant.status == "deleted":
        return None
    if standing.client_status != "active" or standing.client_epoch != token.client_epoch:
        return None
    if token.user is not None and (standing.user_status != "active" or standing.user_epoch != token.user_epoch):
        return None
    return ordered(set(token.scopes) & set(standing.client_scopes) & set(standing.scopes))
