"""What a patient takes and since when, in words and as a timeline."""

from reports.charts import timeline_chart
from reports.html import page
from reports.summary import Summary
from reports.taken import Moment
from tests.reports.conftest import WOMAN_OF_52, Summarised

ON_HORMONES = WOMAN_OF_52 | {
    "hormone_status": "current",
    "hormone_kinds": ["oestrogen", "testosterone"],
    "oestrogen_route": "oral",
    "progestogen": "not_sure",
    "hormone_months": 26,
    "hormone_change_months": 14,
    "testosterone_months": 1,
    "testosterone_bloods_months": "not_sure",
    "medicines": ["triptan"],
    "supplements": ["vitamin_d"],
    "vitamin_d_iu": 1000,
}


def words(summary: Summary) -> dict[str, str]:
    return {line.kind: line.words for line in summary.taken}


def test_hormones_medicines_and_supplements_are_told_with_route_and_dose(summarised: Summarised) -> None:
    told = words(summarised(ON_HORMONES))
    assert "Kinds of hormone: oestrogen, testosterone. " in told["Hormones"]
    assert "Route of oestrogen: mouth" in told["Hormones"]
    assert "Progestogen or hormone coil: not sure" in told["Hormones"]
    assert told["Medicines"] == "triptan"
    assert told["Supplements"] == "vitamin D. Vitamin D a day: 1000 IU"


def test_a_kind_that_was_left_blank_says_so_once(summarised: Summarised) -> None:
    assert words(summarised({})) == dict.fromkeys(("Hormones", "Contraception", "Medicines", "Supplements"), "skipped")


def test_the_timeline_has_what_lasts_first_and_leaves_out_what_is_not_known(summarised: Summarised) -> None:
    assert [moment.words for moment in summarised(ON_HORMONES).timeline] == [
        "Hormones for 26 months",
        "Testosterone for 1 month",
        "Last change 14 months ago",
    ]


def test_the_timeline_is_a_figure_that_says_in_words_what_it_shows(summarised: Summarised) -> None:
    words = "Timeline: Hormones for 26 months; Testosterone for 1 month; Last change 14 months ago"
    assert f"<title>{words}</title>" in page(summarised(ON_HORMONES))


def test_without_a_time_there_is_no_timeline(woman_of_52: Summary) -> None:
    assert woman_of_52.timeline == ()
    assert 'class="timeline"' not in page(woman_of_52)


def test_eighty_years_and_no_time_at_all_are_drawn_too() -> None:
    assert "60 y" in timeline_chart([Moment("Hormones", 960, True)])
    assert "today" in timeline_chart([Moment("Hormones", 0, True), Moment("Last review", 0, False)])
