"""What every browser is told to hold to, and what no request gets past: headers, cookies, the host's name."""

from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from intake import health
from intake.admin_drafts import STYLE_NONCE
from intake.sessions import Sessions
from intake.settings import Settings

LONGEST_REQUEST = 256 * 1024  # bytes; one page of answers is a few hundred
LONGEST_FILE = 2 * 1024 * 1024  # bytes of a rule file as its page sends it; the longest of the product is a twentieth
OF_FILES = {"drafts.save", "drafts.check"}
FIRST_ERROR = 400
A_YEAR = 365 * 24 * 60 * 60  # seconds
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OF_PAGES = {  # which files that a page is made of need not carry
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]"}


def prepare(app: Flask, settings: Settings) -> None:
    """Give an application its rules. Comes before anything else that looks at a request."""
    address = urlsplit(settings.base_url)
    is_https = address.scheme == "https"
    app.config.update(
        MAX_CONTENT_LENGTH=LONGEST_REQUEST,
        SESSION_COOKIE_NAME="__Host-session" if is_https else "session",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=is_https,
    )
    app.session_interface = Sessions()
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=0)  # type: ignore[method-assign]
    hosts = THIS_MACHINE | {_name(address.netloc)}

    @app.before_request
    def check_host() -> tuple[str, int, dict[str, str]] | None:
        # said plainly: a page of ours would put the wrong name into its links
        if _name(request.host) in hosts or request.endpoint in health.ENDPOINTS:
            return None
        return "This is not the address of the clinic's pages.", 400, {"Content-Type": "text/plain"}

    @app.before_request
    def make_room() -> None:
        if request.endpoint in OF_FILES:
            request.max_content_length = request.max_form_memory_size = LONGEST_FILE

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.update(HEADERS)
        if is_https:
            response.headers["Strict-Transport-Security"] = f"max-age={A_YEAR}"
        if STYLE_NONCE in g:  # the editor makes its own style sheet, on its own page
            allowed = f"style-src 'self' 'nonce-{g.get(STYLE_NONCE)}'"
            response.headers["Content-Security-Policy"] = POLICY.replace("style-src 'self'", allowed)
        if request.endpoint != "static" or response.status_code >= FIRST_ERROR:  # which is a page too
            response.headers.update(OF_PAGES)
        return response


def _name(netloc: str) -> str:
    """Return a host without its port."""
    host = netloc.rpartition("@")[2].lower()
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
