"""The forms that signing in and a member's own account share."""

from flask_wtf import FlaskForm
from govuk_frontend_wtf.wtforms_widgets import GovPasswordInput
from wtforms import PasswordField
from wtforms.validators import ValidationError

from intake.security import LONGEST_PASSWORD, SHORTEST_PASSWORD, is_guessable
from intake.services import services


class OurForm(FlaskForm):
    """A form whose errors stand at the top too."""

    def error_list(self) -> list[dict[str, str]]:
        """Return each error with the address of its field, for the box at the top."""
        return [{"text": str(field.errors[0]), "href": f"#{field.id}"} for field in self if field.errors]


class PasswordForm(OurForm):
    """A password that a member chooses, typed twice. `about` are texts about them that somebody guessing would try."""

    password = PasswordField(
        "New password",
        widget=GovPasswordInput(),
        description=f"At least {SHORTEST_PASSWORD} characters. Three or four words that only you would put together "
        "are good.",
    )
    about: tuple[str, ...] = ()
    again = PasswordField("New password again", widget=GovPasswordInput())

    def validate_password(self, field: PasswordField) -> None:
        """Take what cannot be guessed: length counts, and no kind of character is asked for."""
        words = field.data or ""
        if not SHORTEST_PASSWORD <= len(words) <= LONGEST_PASSWORD:
            raise ValidationError(f"The password has from {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
        if is_guessable(words, (*self.about, services().settings.clinic_name)):
            raise ValidationError(
                "This password, or one much like it, is known and tried first by those who guess. Choose another."
            )

    def validate_again(self, field: PasswordField) -> None:
        """Notice a slip."""
        if field.data != self.password.data:
            raise ValidationError("The two passwords are not the same.")
