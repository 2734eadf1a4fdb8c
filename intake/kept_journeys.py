"""The way of each patient who is answering now, kept for a minute: most pages ask what the last one has worked out.

Only the last one of a patient is kept, and it is used again for the very same answers alone. It is in the memory of the
process, as answers are while somebody works with them.
"""

from collections.abc import Mapping

from intake.navigation import Journey, journey_of
from intake.remembered import Remembered
from rules.questionnaire import Questionnaire

MOST = 500  # patients
LONGEST = 60  # seconds


class KeptJourneys:
    """The journeys that one application keeps. Any number of threads may use it."""

    def __init__(self) -> None:
        self._last = Remembered[str, tuple[Mapping[str, object], Journey]](MOST, LONGEST)

    def of(self, encounter_id: str, questionnaire: Questionnaire, raw: Mapping[str, object]) -> Journey:
        """Return the way that a patient's stored answers lay."""
        kept = self._last.get(encounter_id)
        if kept is not None and kept[0] == raw and kept[1].questionnaire is questionnaire:
            return kept[1]
        journey = journey_of(questionnaire, raw)
        self.keep(encounter_id, raw, journey)
        return journey

    def keep(self, encounter_id: str, raw: Mapping[str, object], journey: Journey) -> None:
        """Keep a patient's way for these stored answers in the place of the one before."""
        self._last.put(encounter_id, (raw, journey))
