"""Authentication: tokens and roles.

Source: rapidpro temba/api/support.py, Django REST framework's TokenAuthentication and BasicAuthentication. There is
never a 401: the first authentication class has no challenge.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from fakes.rapidpro.api.http.wire import ApiError, detail
from fakes.rapidpro.store.rows import WRITERS, Token
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.versions.profile import Profile

NOT_GIVEN = "Authentication credentials were not provided."
NO_PERMISSION = "You do not have permission to perform this action."


def token_of(header: str, store: Store, profile: Profile) -> Token | None:
    """The caller's token, or None. Raises ApiError for an invalid one.

    `header` is the Authorization header, its bytes as latin-1.
    """
    words = header.split()
    if not words:
        return None
    kind = words[0].lower()
    if kind == "token":
        return _by_key(_key(words), store)
    if kind == "basic":
        return _by_basic(words, store, profile)
    return None


def _key(words: list[str]) -> str:
    if len(words) == 1:
        raise detail(403, "Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise detail(403, "Invalid token header. Token string should not contain spaces.")
    try:
        return words[1].encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise detail(403, "Invalid token header. Token string should not contain invalid characters.") from None


def _by_key(key: str, store: Store) -> Token:
    found = find(key, store)
    if found is None or not found.active or not found.user.active:
        raise detail(403, "Invalid token")
    return found


def find(key: str, store: Store) -> Token | None:
    """The token with that key. All are compared, each in constant time, so that timing reveals nothing about keys."""
    key_bytes, found = key.encode("utf-8", "surrogatepass"), None
    for token in store.tokens.values():
        if hmac.compare_digest(token.key.encode(), key_bytes):
            found = token
    return found


def _by_basic(words: list[str], store: Store, profile: Profile) -> Token:
    email, key = _pair(words, profile)
    found = find(key, store)
    if found is None or found.user.email != email or not (found.active and found.user.active):
        raise detail(403, "Invalid token or email")
    return found


def _pair(words: list[str], profile: Profile) -> tuple[str, str]:
    if len(words) == 1:
        raise detail(403, "Invalid basic header. No credentials provided.")
    if len(words) > 2:
        raise detail(403, "Invalid basic header. Credentials string should not contain spaces.")
    not_base64: ApiError = detail(403, "Invalid basic header. Credentials not correctly base64 encoded.")
    try:
        raw = base64.b64decode(words[1].encode("latin-1"))
    except (binascii.Error, UnicodeError):
        raise not_base64 from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    email, colon, key = text.partition(":")
    if not colon and profile.strict_basic_auth:
        raise not_base64
    return email, key


def may(token: Token, profile: Profile, resource: str) -> bool:
    """Whether the token's user may use this resource of the token's workspace."""
    if token.user.staff:
        return profile.staff_tokens
    role = token.user.roles.get(token.workspace.id)
    return role in WRITERS or (role == "surveyor" and resource in profile.surveyor_resources)
