"""Has a web scanner attack the product as nobody and as each kind of user, and prints what it finds.

Each gets an installation of its own, with the invented people of `intake demo`, in a folder that is deleted again.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from intake.staff import ROLES
from tests.browser.clinic import Clinic, served
from tests.intake.test_at_rest import ATTRIBUTE, HIDDEN

WHO = ("nobody", "patient", *ROLES)
# Wapiti's own choice and what else fits; left out is what asks servers elsewhere (ssrf, xxe), and what is looked for in
# what the product does not have (LDAP, where each search by name passes for a finding) or in other products
ATTACKS = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss,redirect,sql,timesql,upload,"
    "xss"
)
NEVER = ("/sign-in/out", "/account/*", "/sign-in/kept*")  # it would end the session that it attacks with
FIRST_PAGE = {
    "nobody": "/",
    "patient": "/welcome",
    "clinician": "/clinician",
    "admin": "/admin",
    "front_desk": "/desk",
}
NOT_OVER_HTTP = (
    "Secure Flag cookie"  # set where the address is https (tests/intake/test_browser_rules.py); here it is not
)
PATIENCE = 60  # seconds for each page
INTAKE = Path(sys.executable).with_name("intake")
HEAD = """| as | addresses and forms | findings |
| --- | --- | --- |"""


@dataclass(frozen=True)
class Found:
    """What a scan came to: how many addresses and forms were attacked, and each finding as a line."""

    pages: int
    findings: list[str]


def hidden(page: str) -> dict[str, str]:
    """Return what the forms of a page send without being asked."""
    fields = (dict(ATTRIBUTE.findall(tag)) for tag in HIDDEN.findall(page))
    return {one["name"]: one.get("value", "") for one in fields if "name" in one}


def cookie_of(clinic: Clinic, who: str) -> str:
    """Return the cookie of a session, which knows the key of its forms already; "" for nobody."""
    if who == "nobody":
        return ""
    with httpx.Client(base_url=clinic.address, follow_redirects=True, timeout=PATIENCE) as browser:
        if who == "patient":
            patient = clinic.invite()
            asked = browser.get(patient.link)
            born = [str(part) for part in (patient.born.day, patient.born.month, patient.born.year)]
            browser.post("/enter", data=hidden(asked.text) | {"date_of_birth": born})
        else:
            browser.get(clinic.staff(next(role for role in ROLES if role == who)))
        first = browser.get(FIRST_PAGE[who])
        assert first.status_code == 200, f"{who} was not let in: {first.status_code}"
        return browser.cookies["session"]


def scan(wapiti: Path, clinic: Clinic, who: str, given: argparse.Namespace) -> Found:
    """Let Wapiti attack an installation as somebody."""
    report, cookie = Path(given.report).resolve(), cookie_of(clinic, who)
    begin = f"{clinic.address}{FIRST_PAGE[who]}"
    command: list[str | Path] = [wapiti, "--url", begin, "--scope", "domain", "--module", given.attacks]
    command += ["--max-scan-time", str(given.crawl), "--max-attack-time", str(given.attack), "--max-parameters", "60"]
    command += ["--no-bugreport", "--flush-session", "--format", "json", "--output", report, "--verbose", "0"]
    command += [part for address in NEVER for part in ("--exclude", f"{clinic.address}{address}")]
    if cookie:
        command += ["--cookie-value", f"session={cookie}"]  # sent as it is with each request, whatever is answered
    with tempfile.TemporaryDirectory() as folder:
        places = ["--store-session", folder, "--store-config", folder]
        subprocess.run([*command, *places], check=True, stdout=subprocess.DEVNULL)
    return read(json.loads(report.read_text()))


def read(report: Mapping[str, Any]) -> Found:
    """Return what a report of Wapiti says, without what it calls additional: it informs, and finds nothing wrong."""
    groups = [report[name] for name in ("vulnerabilities", "anomalies")]
    findings = [
        f"{kind}: {one['method']} {one['path']} {one['parameter']}: {one['info']}"
        for group in groups
        for kind, found in group.items()
        if kind != NOT_OVER_HTTP
        for one in found
    ]
    return Found(report["infos"]["crawled_pages_nbr"], sorted(findings))


def main() -> int:
    """Scan as each who is named, or as all; return 1 if anything was found."""
    asked = argparse.ArgumentParser(prog="script/scan", description=__doc__)
    asked.add_argument("who", nargs="*", help=", ".join(WHO))
    asked.add_argument("--wapiti", type=Path, required=True, help=argparse.SUPPRESS)
    asked.add_argument("--attacks", default=ATTACKS, help="kinds of attack, as Wapiti names them: %(default)s")
    asked.add_argument("--crawl", type=int, default=120, help="seconds for finding addresses and forms")
    asked.add_argument("--attack", type=int, default=60, help="seconds for each kind of attack")
    asked.add_argument("--report", default="scan.json", help="where the last report of Wapiti is written to")
    given = asked.parse_args()
    print(HEAD, flush=True)
    found_any = False
    for who in given.who or WHO:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, served(Path(folder)) as clinic:
            environ = os.environ | {"INTAKE_DATA": folder, "INTAKE_BASE_URL": clinic.address}
            subprocess.run([INTAKE, "demo"], env=environ, check=True, capture_output=True)
            found = scan(given.wapiti, clinic, who, given)
        print(f"| {who} | {found.pages} | {len(found.findings)} |", *found.findings, sep="\n", flush=True)
        found_any = found_any or bool(found.findings)
    return found_any


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left running
    sys.exit(main())
