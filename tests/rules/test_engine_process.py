"""durable-rules in a process of its own: the same answers, and what becomes of a crash, of a hang and of a refusal."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from threading import Thread

import pytest

from rules import engine_process
from rules.check import run_tests
from rules.engine import Engine
from rules.engine_process import EngineProcess
from rules.errors import EngineError
from rules.load import library
from rules.own_process import OwnProcess, ProcessEndedError
from rules.response import read
from rules.ruleset import RuleSet
from rules.screening import Screener

LOW = {"phq9_1": 3, "phq9_2": 3, "phq9_9": 1}


@pytest.fixture(scope="module")
def process() -> Iterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


def engines() -> list[BaseProcess]:
    return [process for process in active_children() if process.name == "rules engine"]


def screen(screener: Screener) -> list[tuple[str, bool]]:
    screening = screener.screen(read(library().questionnaire, LOW))
    return [(flag.rule, screening.agreed) for flag in screening.raised]


def test_it_answers_as_the_engine_in_this_process_does(process: EngineProcess) -> None:
    response = read(library().questionnaire, LOW)
    conditions = {
        f"{rule.id} {name}": part for rule in library().by_id.values() for name, part in rule.conditions().items()
    }
    here, there = Engine(conditions), process.engine(conditions)
    assert there.evaluate(response.values) == here.evaluate(response.values)
    here.close()
    there.close()


def test_two_rule_sets_share_one_process(process: EngineProcess, small: RuleSet) -> None:
    one, other = Screener(library(), process.engine), Screener(small, process.engine)
    assert screen(one)
    assert [flag.rule for flag in other.screen(read(small.questionnaire, {"phq9_1": 3, "phq9_2": 3})).raised] == ["S1"]
    assert len(engines()) == 1
    other.close()
    assert screen(one)


def test_killed_between_two_patients_nobody_notices(process: EngineProcess) -> None:
    screener = Screener(library(), process.engine)
    before = screen(screener)
    engines()[0].kill()
    assert screen(screener) == before
    assert all(agreed for _, agreed in before)


def test_where_it_dies_of_a_patients_answers_the_reference_alone_raises_the_flags(
    caplog: pytest.LogCaptureFixture,
) -> None:
    process = EngineProcess()
    screener = Screener(library(), process.engine)
    before = screen(screener)

    def kill_each() -> None:
        while not stopped:
            for engine in engines():
                engine.kill()
            time.sleep(0.001)

    stopped: list[bool] = []
    killer = Thread(target=kill_each)
    killer.start()
    with caplog.at_level(logging.ERROR):
        alone = screen(screener)
    stopped.append(True)
    killer.join()
    assert [rule for rule, _ in alone] == [rule for rule, _ in before]
    assert not any(agreed for _, agreed in alone)
    assert "plain Python alone decides" in caplog.text
    process.close()


def test_where_it_hangs_the_reference_alone_raises_the_flags(
    process: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    screener = Screener(library(), process.engine)
    before = screen(screener)
    assert all(agreed for _, agreed in before)
    for thread in threading.enumerate():
        if thread.name == "compile a rule set":  # else it could be that which finds the process hung
            thread.join()
    monkeypatch.setattr(engine_process, "LONGEST", 0.5)
    hung = engines()[0]
    assert hung.pid is not None
    os.kill(hung.pid, signal.SIGSTOP)
    alone = screen(screener)
    assert [rule for rule, _ in alone] == [rule for rule, _ in before]
    assert not any(agreed for _, agreed in alone)
    monkeypatch.undo()
    assert screen(screener) == before
    assert hung not in engines()


def test_what_the_engine_refuses_is_an_engine_error_and_the_next_is_answered(process: EngineProcess) -> None:
    refused = process.engine({"broken": "no condition"})  # type: ignore[dict-item]
    with pytest.raises(EngineError):
        refused.evaluate({})
    assert screen(Screener(library(), process.engine))


def test_a_rule_set_that_the_engine_cannot_run_does_not_pass_its_own_tests(
    process: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> list[object]:
        raise EngineError("error code: 303")

    assert all(result.passed for result in run_tests(library(), process.engine))
    monkeypatch.setattr(EngineProcess, "ask", refuse)
    results = run_tests(library(), process.engine)
    assert not any(result.passed for result in results)
    assert "durable-rules failed" in results[0].got


def test_an_engine_that_dies_of_everybodys_answers_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[int] = []

    def dies(*_: object) -> None:
        starts.append(1)
        raise ProcessEndedError("it died")

    process = EngineProcess()
    screener = Screener(library(), process.engine)
    with monkeypatch.context() as patch:
        patch.setattr(OwnProcess, "ask", dies)
        for _ in range(20):
            assert not any(agreed for _, agreed in screen(screener))
        most = engine_process.MOST_DEATHS + 2  # two sets of conditions are compiled in the background
        assert len(starts) <= most * engine_process.ATTEMPTS
    assert not any(agreed for _, agreed in screen(screener))
    monkeypatch.setattr(time, "monotonic", lambda now=time.monotonic: now() + engine_process.REST)
    assert all(agreed for _, agreed in screen(screener))
    process.close()
