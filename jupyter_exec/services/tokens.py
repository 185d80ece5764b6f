"""A run's own token: it reports on itself with it, and on nothing else (floor: services; pure)."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new() -> str:
    """Make a token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored in the token's place: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, stored: str | None) -> bool:
    """Compare in constant time; no stored digest matches nothing."""
    return stored is not None and hmac.compare_digest(digest(token), stored)
