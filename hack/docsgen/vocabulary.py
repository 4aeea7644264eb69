"""Conditions and reasons: the words are the code's, what they mean to a user is in docs/reference/vocabulary.yaml."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rds_enrollment.api.reasons import PROGRESS, ConditionType, Reason
from rds_enrollment.plan.deployment.plan import REQUIRED as OF_DEPLOYMENT
from rds_enrollment.plan.enrollment.plan import REQUIRED as OF_ENROLLMENT
from rds_enrollment.plan.integration.plan import REQUIRED as OF_INTEGRATION

from hack.docsgen.markdown import bullets, page

SOURCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "vocabulary.yaml"

REQUIRED = {
    "AwsOidcIntegration": OF_INTEGRATION,
    "RdsEnrollment": OF_ENROLLMENT,
    "DatabaseServiceDeployment": OF_DEPLOYMENT,
}

_CONDITIONS_INTRODUCTION = (
    "Conditions are statements about an object, as in the rest of Kubernetes: `status` is `True`, `False` or "
    "`Unknown`, `reason` is one word out of [the reasons](reasons.md), `message` names resources by id and says "
    "what to do next, `observedGeneration` is the generation of the spec that the statement is about. All that an"
    " object has are there from the first look on, as `Unknown`."
)
_REASONS_INTRODUCTION = (
    "Why a condition has its status: what each word means, and what to do. A reason means the same for ever; the "
    "condition's `message` adds the ids. Find the word in the output of `kubectl describe`, and its heading here."
)


class Word(NamedTuple):
    """One reason, told to a user."""

    means: str
    act: str


def conditions() -> dict[str, str]:
    """What each condition states."""
    found: dict[str, str] = _texts()["conditions"]
    return found


def reasons() -> dict[str, Word]:
    """What each reason means and asks for."""
    return {name: Word(text["means"], text["act"]) for name, text in _texts()["reasons"].items()}


def _texts() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(SOURCE.read_text())
    return document


def render() -> dict[str, str]:
    """Text of both pages by file name. Raises ValueError for a word without a text."""
    lacking = [*(set(ConditionType) - set(conditions())), *(set(Reason) - set(reasons()))]
    if lacking:
        raise ValueError(f"{SOURCE.name} has no text for {', '.join(sorted(lacking))}")
    return {"conditions.md": _conditions_page(), "reasons.md": _reasons_page()}


def _conditions_page() -> str:
    texts = conditions()
    summaries = [
        f"- {kind}: `Ready` is {', '.join(f'`{type_}`' for type_ in required)}."
        for kind, required in REQUIRED.items()
    ]
    blocks = [f"## {type_}\n\n{_flowing(texts[type_])}" for type_ in ConditionType]
    source = "operator/rds_enrollment/api/reasons.py and vocabulary.yaml"
    return page("Conditions", source, _CONDITIONS_INTRODUCTION, "\n".join(summaries), *blocks)


def _reasons_page() -> str:
    texts = reasons()
    blocks = [_reason(reason, texts[reason]) for reason in sorted(Reason)]
    source = "operator/rds_enrollment/api/reasons.py and vocabulary.yaml"
    return page("Reasons", source, _REASONS_INTRODUCTION, *blocks)


def _reason(reason: Reason, word: Word) -> str:
    facts = [_flowing(word.means), f"**Do:** {_flowing(word.act)}"]
    if reason in PROGRESS:
        facts.append("On the way, no fault: Argo CD shows *Progressing* while it lasts.")
    return f"## {reason}\n\n{bullets(facts)}"


def _flowing(text: str) -> str:
    return " ".join(text.split())
