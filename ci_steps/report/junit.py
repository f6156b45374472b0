"""The findings of a run as JUnit XML: a suite a document, a test case a finding.

The dialect is the one that Jenkins and GoCD read: https://github.com/testmoapp/junitxml
"""

import re
from xml.etree import ElementTree as ET

from ci_steps.documents import Document, Plan, Report, Rollback, Rollout, Stopped
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.report.reading import Reading

# Named by what XML forbids: the range of all that it allows takes 6 ms to compile.
_NOT_XML = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")
_KINDS = {Verdict.REFUSED: "failure", Verdict.INCONCLUSIVE: "error"}


def junit(reading: Reading) -> bytes:
    """Return the XML: refused is a failure, inconclusive an error; what is waived passes, and says so."""
    plan = reading.get(Plan)
    root = ET.Element(
        "testsuites", name=f"{plan.model}@{plan.sha.short} to {plan.environment}" if plan else ""
    )
    for document in reading.documents.values():
        cases = _cases(document, reading)
        if cases:
            root.append(_suite(document, cases))
    if reading.unreadable:
        cases = [_case(name, name, "error", why) for name, why in reading.unreadable.items()]
        root.append(_counted(ET.Element("testsuite", name="unreadable"), cases))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _cases(document: Document, reading: Reading) -> list[ET.Element]:
    if isinstance(document, Report):
        cases = [_of(finding, document, reading) for finding in document.findings]
        return cases or [_case(document.name, document.name, "error", document.headline)]
    if isinstance(document, Rollout | Rollback):
        kind = "" if document.exit_code == 0 else "failure"
        deed = _case(document.name, document.name, kind, document.headline, document.reason)
        findings = document.findings if isinstance(document, Rollout) else ()
        return [deed, *(_of(finding, document, reading) for finding in findings)]
    if isinstance(document, Stopped):
        return [_case("stopped", document.step, "error", document.message, document.hint)]
    return []


def _of(finding: Finding, document: Document, reading: Reading) -> ET.Element:
    name = f"{finding.check} {finding.subject}".strip()
    waiver = reading.waiver_of(finding)
    said = [f"observed: {finding.observed}", f"rule: {finding.rule}"]
    said += [f"where: {finding.where}"] if finding.where else []
    said += [f"witness: {finding.witness}"] if finding.witness else []
    said += [f"next: {finding.next}"] if finding.next else []
    if waiver and finding.verdict is Verdict.INCONCLUSIVE:
        said.append(f"inconclusive, waived by {waiver.by} until {waiver.until}: {waiver.reason}")
        return _case(document.name, name, "", "\n".join(said))
    kind = _KINDS.get(finding.verdict, "")
    if not kind:
        return _case(document.name, name, "", "\n".join([finding.verdict.value, *said]))
    return _case(document.name, name, kind, finding.sentence, "\n".join(said))


def _case(suite: str, name: str, kind: str, message: str, text: str = "") -> ET.Element:
    case = ET.Element("testcase", classname=f"ci_steps.{suite}", name=_clean(name), time="0")
    if kind:
        ET.SubElement(case, kind, message=_clean(message)).text = _clean(text)
    else:
        ET.SubElement(case, "system-out").text = _clean(f"{message}\n{text}".strip())
    return case


def _suite(document: Document, cases: list[ET.Element]) -> ET.Element:
    made = document.made
    suite = ET.Element("testsuite", name=document.name)
    if made:
        suite.set("timestamp", made.at)
        suite.set("time", f"{made.seconds:.3f}")
    return _counted(suite, cases)


def _counted(suite: ET.Element, cases: list[ET.Element]) -> ET.Element:
    suite.set("tests", str(len(cases)))
    for kind, plural in (("failure", "failures"), ("error", "errors")):
        suite.set(plural, str(sum(case.find(kind) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
