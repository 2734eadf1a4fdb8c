"""Text as it comes in, in forms, addresses and JSON: without NUL, which nobody types and PostgreSQL does not store.

It is taken out of what is sent, wherever that is read. An address whose path holds one leads nowhere.
"""

from typing import Any

from flask import Flask, Request, abort, request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items

NUL = "\0"


def cleaned(value: Any) -> Any:
    """Return a text, or what JSON may hold, without NUL; anything else as it is."""
    if isinstance(value, str):
        return value.replace(NUL, "")
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {cleaned(name): cleaned(one) for name, one in value.items()}
    return value


class Sent(ImmutableMultiDict[str, Any]):
    """The fields of a form or of an address's query, cleaned."""

    def __init__(self, mapping: Any = None) -> None:
        pairs = iter_multi_items(mapping) if mapping is not None else ()
        super().__init__([(cleaned(name), cleaned(value)) for name, value in pairs])


class CleanRequest(Request):
    """A request all of whose text is cleaned when it is read."""

    parameter_storage_class = Sent

    def get_json(self, *args: Any, **kwargs: Any) -> Any:
        """Return the JSON that was sent, cleaned."""
        return cleaned(super().get_json(*args, **kwargs))


def prepare(app: Flask) -> None:
    """Have an application read its requests so. Comes before anything that looks at one."""
    app.request_class = CleanRequest

    @app.before_request
    def check_path() -> None:
        if NUL in request.path:
            abort(404)
