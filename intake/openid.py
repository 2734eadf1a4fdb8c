"""Signing in with the clinic's own OpenID Connect provider. The only module that knows Authlib.

Whoever comes back from it is found by e-mail address. With a claim for roles (`INTAKE_OIDC_ROLE_CLAIM`) the provider
also says who is on staff: members are added, and their roles follow the claim at each sign-in. The second factor is the
provider's own.
"""

import logging
from collections.abc import Mapping
from typing import Any, cast

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, abort, current_app, session, url_for
from requests import RequestException
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from intake import accounts, credentials, staff
from intake.audit import Event, Who
from intake.credentials import Account
from intake.faults import place_of
from intake.sent_text import cleaned
from intake.services import services
from intake.settings import Settings
from intake.staff import ROLES, Role, StaffError

views = Blueprint("openid", __name__, url_prefix="/sign-in/openid")
NAME = "clinic"
PATIENCE = 10  # seconds
PROVIDER = Who("sign-in service")
UNKNOWN = "Nobody on staff has the e-mail address that you signed in with. Please ask an admin."
FAILED = "Signing in there did not work. Please try again, or ask an admin."
AWAY = "The clinic’s sign-in service does not answer. Please try again in a few minutes."
LOG = logging.getLogger(__name__)


def prepare(app: Flask, settings: Settings) -> None:
    """Tell an application about the clinic's provider, if it has one."""
    if settings.openid is None:
        return
    oauth = OAuth(app)
    oauth.register(
        NAME,
        client_id=settings.openid.client_id,
        client_secret=settings.openid.client_secret,
        server_metadata_url=f"{settings.openid.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "timeout": PATIENCE},
    )
    app.extensions["openid"] = oauth


@views.get("")
def start() -> Response:
    """Send the browser to the provider."""
    try:
        return cast(Response, _provider().authorize_redirect(_way_back()))
    except (AuthlibBaseError, RequestException) as error:
        LOG.error("the OpenID provider does not answer: %s", place_of(error))
        abort(503, AWAY)


@views.get("/back")
def back() -> Response:
    """Let in whom the provider vouches for."""
    try:
        token = _provider().authorize_access_token()
    except (AuthlibBaseError, RequestException, ValueError) as error:
        LOG.warning("signing in with OpenID failed: %s", place_of(error))
        abort(403, FAILED)
    chosen, found = session.get("next"), member_for(cleaned(dict(token.get("userinfo") or {})))
    if found is None or not found.active:
        abort(403, UNKNOWN)
    return accounts.enter(found, chosen)


def member_for(claims: Mapping[str, Any]) -> Account | None:
    """Return the account that a provider's claims belong to, its roles brought up to date; None if there is none.

    An address that the provider itself says it has not verified is nobody's.
    """
    email = str(claims.get("email", "")).strip().lower()
    if not email or claims.get("email_verified") is False:
        return None
    with services().database.writing() as database:
        found, roles = credentials.by_email(database, email), _roles(claims)
        if found is None and roles:
            found = _add(database, str(claims.get("name") or email), email, roles)
        elif found is not None and roles is not None:
            if not roles:
                return None
            if set(roles) != set(found.staff.roles):
                _note(database, Event.ROLES_CHANGED, f"{found.staff.id} {', '.join(roles)}")
            staff.set_roles(database, found.staff.id, roles)
        return credentials.of_member(database, found.staff.id) if found else None


def _add(database: Session, name: str, email: str, roles: list[Role]) -> Account | None:
    try:
        made = staff.add(database, name, roles)
    except StaffError:  # somebody of that name is there, or was: the address tells the two apart
        made = staff.add(database, f"{name} ({email})", roles)
    credentials.set_email(database, made.id, email)
    _note(database, Event.MEMBER_ADDED, made.id)
    return credentials.of_member(database, made.id)


def _note(database: Session, what: Event, about: str) -> None:
    accounts.trail_of(PROVIDER).note(database, what, about=about)


def _roles(claims: Mapping[str, Any]) -> list[Role] | None:
    """Return the roles that the claim names; None where roles are not the provider's to say."""
    provider = services().settings.openid
    if provider is None or not provider.role_claim:
        return None
    named = claims.get(provider.role_claim) or []
    listed = [named] if isinstance(named, str) else named
    return [role for role in ROLES if role in listed]


def _provider() -> Any:
    if "openid" not in current_app.extensions:
        abort(404)
    return current_app.extensions["openid"].create_client(NAME)


def _way_back() -> str:
    return f"{services().settings.base_url}{url_for('openid.back')}"
