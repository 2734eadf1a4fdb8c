"""What large rule sets and long service cost in memory: `python -m tests.benchmarks.bench_endurance`.

Each trial runs in a process of its own with at most 4 GB: 3,000 rules loaded from a file and screened; 100,000
screenings with the library; 1,000 rule sets loaded one after the other, as after so many publications.
"""

import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from rules.engine import Engine
from rules.load import library, load_texts
from rules.questionnaire import Item
from rules.response import read
from rules.screening import Screener

LIMIT = 4_000_000_000  # bytes
SCREENINGS, RELOADS, RULES = 100_000, 1_000, 3_000


def megabytes() -> int:
    """Return the memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1_000_000


def any_answer(item: Item, choose: random.Random) -> object:
    """Return an answer to an item, a missing one now and then."""
    if choose.random() < 0.1:
        return None
    if item.type == "choices":
        return [str(choose.choice(item.options).code)]
    if item.options:
        return choose.choice(item.options).code
    if item.min is not None and item.max is not None:
        return choose.randint(int(item.min), int(item.max))
    return None


def responses(count: int) -> list[dict[str, object]]:
    """Return answers of patients to every question of the library."""
    choose = random.Random(3)
    items = library().questionnaire.items.values()
    return [{item.id: any_answer(item, choose) for item in items} for _ in range(count)]


def many_rules() -> None:
    """Load a rule file of 3,000 rules and screen with it."""
    kept = ("questionnaire/", "scores.yaml", "sources.yaml")  # and no translations: they speak of the library's rules
    files = {name: text for name, text in library().files.items() if name.startswith(kept)}
    choose = random.Random(4)
    scored = [item.id for item in library().questionnaire.items.values() if item.bounds and item.options]
    rules = ["rules:"]
    for number in range(RULES):
        tests = "\n".join(f"        - {choose.choice(scored)} >= {choose.randint(1, 2)}" for _ in range(3))
        rules.append(
            f"  X{number}:\n    title: Rule {number}\n    status: draft\n    raised_when:\n      all:\n{tests}\n"
            f"    priority: note\n    reason: Made for the benchmark.\n    consider: [Nothing.]\n"
            f"    review_by: 2030-01-01\n    evidence: {{health: guideline, link: none, sources: [nice-ng12]}}"
        )
    start = time.thread_time()
    ruleset = load_texts(files | {"many.yaml": "\n".join(rules)})
    loaded = time.thread_time() - start
    screener = Screener(ruleset)
    compiled = time.thread_time() - start - loaded
    took = []
    for raw in responses(100):
        response = read(ruleset.questionnaire, raw)
        begin = time.thread_time()
        assert screener.screen(response).agreed
        took.append(time.thread_time() - begin)
    print(f"{len(ruleset.by_id)} rules: loaded in {loaded:.1f} s, compiled in {compiled:.1f} s, ", end="")
    print(f"screened in {sorted(took)[len(took) // 2] * 1000:.1f} ms, {megabytes()} MB, no engine error")


def many_screenings() -> None:
    """Screen 100,000 responses with the library in one process."""
    screener = Screener(library())
    read_responses = [read(library().questionnaire, raw) for raw in responses(500)]
    start = time.thread_time()
    for number in range(1, SCREENINGS + 1):
        assert screener.screen(read_responses[number % len(read_responses)]).agreed
        if number % 10_000 == 0:
            print(f"{number} screenings: {megabytes()} MB, {(time.thread_time() - start) / number * 1000:.2f} ms each")


def many_reloads() -> None:
    """Compile and free the library's conditions 1,000 times."""
    conditions = {
        f"{rule.id} {name}": condition
        for rule in library().by_id.values()
        for name, condition in rule.conditions().items()
    }
    for number in range(1, RELOADS + 1):
        engine = Engine(conditions)
        engine.evaluate({})
        engine.close()
        if number % 100 == 0:
            print(f"{number} rule sets loaded and freed: {megabytes()} MB")


TRIALS = {trial.__name__: trial for trial in (many_rules, many_screenings, many_reloads)}


def main() -> None:
    """Run each trial in a process of its own, or the one that is named."""
    if len(sys.argv) > 1:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))
        TRIALS[sys.argv[1]]()
        return
    for name in TRIALS:
        subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_endurance", name], check=True, timeout=1800)


if __name__ == "__main__":
    main()
