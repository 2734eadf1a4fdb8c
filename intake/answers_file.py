"""ANSWERS.json: read strictly, so that nothing a person wrote is silently dropped."""

import json
import sys
from pathlib import Path


class AnswersFileError(Exception):
    """The file cannot be read as answers; the message says where, in one line."""


def read_answers(path: Path) -> dict[str, object]:
    """Return the answers in a JSON file, or on standard input for "-". Raises `AnswersFileError`."""
    name = "standard input" if str(path) == "-" else str(path)
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        text = raw.decode("utf-8-sig")
        answers = json.loads(text, object_pairs_hook=_without_repeats)
        json.dumps(answers, ensure_ascii=False).encode()
    except OSError as error:
        raise AnswersFileError(f"{name}: cannot be read ({error.strerror})") from error
    except UnicodeEncodeError as error:
        raise AnswersFileError(f"{name}: {error.object[error.start]!a} is half a character; leave it out") from error
    except UnicodeDecodeError as error:
        raise AnswersFileError(f"{name}: byte {error.start} is not UTF-8 text; save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise AnswersFileError(f"{name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from error
    except _RepeatError as error:
        raise AnswersFileError(f'{name}: "{error}" is answered twice; keep one of the two') from error
    except ValueError as error:
        raise AnswersFileError(f"{name}: {error}") from error
    except RecursionError as error:
        raise AnswersFileError(f"{name}: the brackets are nested too deeply") from error
    if not isinstance(answers, dict):
        raise AnswersFileError(f'{name}: this is not an object; write {{"item_id": value, ...}}')
    return answers


class _RepeatError(ValueError):
    pass


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    answers: dict[str, object] = {}
    for key, value in pairs:
        if key in answers:
            raise _RepeatError(key)
        answers[key] = value
    return answers
