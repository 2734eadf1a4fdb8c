"""Pages are light: compressed, with static files that a browser fetches once."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

SCRIPT = "/static/vendor/govuk-frontend/govuk-frontend.min.js"


def test_a_static_file_is_kept_for_a_year_at_an_address_that_names_its_content(client: FlaskClient) -> None:
    address = re.search(r'href="(/static/clinic\.css\?v=\w{12})"', client.get("/").text)
    assert address is not None
    with client.get(address[1]) as style:
        assert style.cache_control.max_age == 365 * 24 * 3600


def test_a_static_file_without_a_version_is_asked_for_again_soon(client: FlaskClient) -> None:
    with client.get(SCRIPT) as first:
        assert first.cache_control.max_age == 3600
    with client.get(SCRIPT, headers={"If-None-Match": first.headers["ETag"]}) as again:
        assert again.status_code == 304


# Flask-Compress leaves closing a file that it compresses to Python
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_pages_and_static_files_are_compressed_where_the_browser_can(client: FlaskClient) -> None:
    encodings = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    with client.get("/static/clinic.css", headers=encodings) as style:
        assert style.headers["Content-Encoding"] == "br"
        assert len(style.data) < 6000
    assert client.get("/", headers=encodings).headers["Content-Encoding"] == "zstd"
    assert "Content-Encoding" not in client.get("/").headers


def test_a_page_that_asks_for_a_missing_static_file_fails_at_once(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        app.url_for("static", filename="gone.css")
