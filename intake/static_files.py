"""Static files: sent compressed, and kept by browsers for a year at an address that changes with their content."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, request
from flask_compress import Compress

YEAR, HOUR = 365 * 24 * 3600, 3600  # seconds
VERSION = "v"  # the part of an address that changes with the file
SETTLED = (".woff2",)  # style sheets ask for these without a version; a new release of a font gets a new name


def prepare(app: Flask) -> None:
    """Make the application's static files light: `url_for("static", …)` gives versioned addresses from now on."""
    folder = Path(app.static_folder or "")

    @cache
    def version(filename: str) -> str:
        return sha256((folder / filename).read_bytes()).hexdigest()[:12]

    @app.url_defaults
    def _add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault(VERSION, version(values["filename"]))

    def max_age(filename: str | None) -> int:
        return YEAR if VERSION in request.args or str(filename).endswith(SETTLED) else HOUR

    app.get_send_file_max_age = max_age  # type: ignore[method-assign]
    app.config.update(
        # pages are made anew each time, so quickly; static files are fetched once, so small
        COMPRESS_ALGORITHM=["zstd", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br", "zstd", "deflate"],
        COMPRESS_BR_LEVEL=9,
        COMPRESS_LEVEL=5,
    )
    Compress(app)
