"""An admin in the browser, for tests of drafts."""

from flask import Flask

from intake import drafts
from intake.database import Database
from tests.conftest import sign_in


class Admin:
    """An admin's browser, and what an admin does in it."""

    def __init__(self, app: Flask, name: str) -> None:
        self.browser = app.test_client()
        self.who = sign_in(self.browser, "admin", name)
        self.database: Database = app.extensions["intake"].database

    def begins(self, name: str = "Lower") -> str:
        return self.browser.post("/admin/drafts", data={"name": name}).location

    def content(self, draft: str) -> tuple[str, dict[str, str]]:
        with self.database.reading() as session:
            found = drafts.find(session, draft.rpartition("/")[2])
        assert found is not None
        return found.content, found.files

    def changes(self, draft: str, old: str, new: str, file: str = "safety.yaml") -> None:
        text = self.content(draft)[1][file]
        assert old in text
        form = {"text": text.replace(old, new), "seen": drafts.mark(text)}
        assert self.browser.post(f"{draft}/files/{file}", data=form).status_code == 303

    def approves(self, draft: str, content: str = "") -> int:
        form = {"content": content or self.content(draft)[0]}
        return self.browser.post(f"{draft}/approve", data=form).status_code

    def publishes(self, draft: str, note: str = "The clinic agreed.", content: str = "") -> tuple[int, str]:
        form = {"content": content or self.content(draft)[0], "note": note}
        answer = self.browser.post(f"{draft}/publish", data=form)
        return answer.status_code, answer.text

    def sees(self, path: str) -> str:
        return self.browser.get(path).text
