"""What a clinician reads first, and how missing answers, scores and private flags are worded."""

from reports.html import page
from reports.summary import Summary, summarise
from rules.response import read
from rules.screening import Screener
from tests.reports.conftest import WOMAN_OF_52, Summarised


def test_the_worked_example_puts_both_first(woman_of_52: Summary) -> None:
    assert [flag.rule for flag in woman_of_52.unsafe] == ["RF1", "RF6"]


def test_a_missing_answer_that_could_make_a_flag_more_urgent_is_named(woman_of_52: Summary) -> None:
    assert woman_of_52.unsafe[0].could_rise == "Skipped: Plan for self-harm"


def test_nobody_reads_how_an_urgent_flag_would_be_none(woman_of_52: Summary) -> None:
    assert woman_of_52.unsafe[0].would_change == ()
    assert woman_of_52.flags[0].would_change != ()


def test_an_incomplete_score_is_given_as_bounds_with_both_bands(woman_of_52: Summary) -> None:
    phq9 = next(score for score in woman_of_52.scores if score.title == "PHQ-9")
    assert phq9.words == "at least 12, incomplete (12 to 15)"
    assert phq9.band == "moderate or moderately severe"


def test_a_score_whose_questions_were_all_left_blank_is_not_shown(woman_of_52: Summary) -> None:
    assert "GAD-7" not in [score.title for score in woman_of_52.scores]
    assert "GAD-7: not answered" in woman_of_52.scores_left_out


def test_item_9_left_blank_is_to_be_asked_in_person_and_never_reads_as_normal(summarised: Summarised) -> None:
    summary = summarised({"age": 40, "phq9_1": 0, "phq9_2": 0})
    assert "RF1" in [rule for line in summary.ask_in_person for rule in line.rules]
    assert "PHQ-9" not in [score.title for score in summary.scores]


def test_the_patients_wish_is_quoted(woman_of_52: Summary) -> None:
    assert woman_of_52.wish is not None
    assert woman_of_52.wish.words == "To sleep again, and to know what the bleeding is."


def test_a_long_text_is_cut_on_the_first_pages_and_whole_in_the_list_of_answers(summarised: Summarised) -> None:
    story = "It began in spring. " * 60
    summary = summarised(WOMAN_OF_52 | {"matters_most": story})
    assert summary.wish is not None
    assert summary.wish.cut
    assert len(summary.wish.words) <= 500
    assert story.strip() in [line.answer.strip() for section in summary.answers for line in section.answers]


def test_many_rules_that_wait_are_put_together_by_topic_unless_they_could_be_urgent(summarised: Summarised) -> None:
    blank = summarised({})
    assert all(line.topic for line in blank.not_assessed)
    assert len(blank.not_assessed) <= 12
    assert all(len(line.rules) == 1 and not line.topic for line in blank.ask_in_person)


def test_a_blank_form_names_item_9_and_the_fear_of_a_partner_each_in_a_line_of_its_own(summarised: Summarised) -> None:
    lines = {line.rules: line for line in summarised({}).ask_in_person}
    assert "Better off dead or self-harm (item 9)" in lines["RF1",].waits_for
    assert lines["RF14",].waits_for == "Skipped: Afraid of partner or ex-partner"


def test_the_answer_to_what_is_unsafe_counts_the_flags(woman_of_52: Summary, summarised: Summarised) -> None:
    assert woman_of_52.unsafe_words == "1 same day, 1 soon"
    assert "Yes: 1 same day, 1 soon." in page(woman_of_52)
    assert summarised({}).unsafe_words == ""


def test_each_flag_names_its_rule_with_the_version_of_the_rule_set(woman_of_52: Summary) -> None:
    assert f"<b>RF6</b>, version {woman_of_52.rule_set[:8]}" in page(woman_of_52)


def test_each_publication_stands_once_and_flags_point_to_it_by_number(summarised: Summarised) -> None:
    summary = summarised(WOMAN_OF_52 | {"phq9_6": 3, "gad7_1": 3, "gad7_2": 3, "gad7_3": 3, "gad7_4": 3})
    assert len(set(summary.sources)) == len(summary.sources)
    named = [number for line in summary.evidence for number in line.sources]
    assert set(named) == set(range(1, len(summary.sources) + 1))


def test_what_shares_an_answer_and_what_was_not_given_are_put_together_in_the_appendix_and_nothing_is_lost(
    woman_of_52: Summary, summarised: Summarised
) -> None:
    for summary in (woman_of_52, summarised({})):
        for section in summary.answers:
            shown = [*section.told, *(line for lines in section.together.values() for line in lines)]
            assert sorted(line.question for line in shown) == sorted(line.question for line in section.answers)
    about = next(section for section in woman_of_52.answers if section.title == "About you")
    assert [line.question for line in about.together["no"]] == ["Has testes"]
    assert "Has a prostate" in [line.question for line in about.together["skipped"]]


def test_three_questions_with_the_same_answer_are_one_line_and_two_are_not(woman_of_52: Summary) -> None:
    mood = next(section for section in woman_of_52.answers if section.title == "How you have been feeling")
    assert [line.question for line in mood.together["more than half the days"]] == [
        "Little interest or pleasure",
        "Feeling down, depressed or hopeless",
        "Tired, little energy",
    ]
    assert "nearly every day" in [line.answer for line in mood.told]
    assert list(mood.together)[-1] == "skipped"


def test_questions_that_were_not_asked_are_named(woman_of_52: Summary) -> None:
    hormones = next(section for section in woman_of_52.answers if section.title == "Hormones")
    assert "Route of oestrogen" in hormones.not_asked
    assert "Not asked" in page(woman_of_52)


def test_answers_that_are_said_not_to_be_true_are_pointed_out(summarised: Summarised) -> None:
    assert summarised(WOMAN_OF_52 | {"everything_true": "no"}).doubts
    assert not summarised(WOMAN_OF_52 | {"everything_true": "yes"}).doubts


def test_skipped_declined_and_not_sure_are_told_apart_in_the_appendix(summarised: Summarised) -> None:
    summary = summarised({"has_uterus": "not_sure", "has_ovaries": "declined", "has_testes": None})
    answers = {line.question: line for section in summary.answers for line in section.answers}
    assert [answers[name].answer for name in ("Has a womb", "Has ovaries", "Has testes")] == [
        "not sure",
        "preferred not to say",
        "skipped",
    ]
    assert all(answers[name].missing for name in ("Has a womb", "Has ovaries", "Has testes"))


def test_a_private_flag_is_marked_for_the_clinician(summarised: Summarised) -> None:
    summary = summarised({"afraid_at_home": "yes"})
    flag = next(flag for flag in summary.unsafe if flag.rule == "RF14")
    assert flag.private
    assert "not on the patient’s copy" in page(summary)


def test_a_disagreement_of_the_two_evaluations_is_shown(screener: Screener, woman_of_52: Summary) -> None:
    response = read(screener.ruleset.questionnaire, WOMAN_OF_52)
    screening = screener.screen(response)
    differing = type(screening)(screening.rule_set, screening.outcomes, screening.scores, agreed=False)
    summary = summarise(
        screener.ruleset, response, differing, patient=None, clinic="Riverside Clinic", completed_at=None
    )
    assert "Check by hand." in page(summary)
    assert "Check by hand." not in page(woman_of_52)


def test_what_a_patient_wrote_is_never_markup(summarised: Summarised) -> None:
    html = page(summarised(WOMAN_OF_52 | {"matters_most": '<script>alert(1)</script> & "x"'}))
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in html
