"""Where the files that belong to the product stand."""

from pathlib import Path

_HERE = Path(__file__).parent
# in an installed wheel the templates stand inside this package, in a checkout beside it
TEMPLATES = _HERE / "_templates" if (_HERE / "_templates").is_dir() else _HERE.parent / "templates"
