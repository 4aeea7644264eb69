"""The settings of `rds-enrollment run`, each with its flag and its environment variable."""

from typing import Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from rds_enrollment.runtime.settings import Settings, flag_name, variable_name

from hack.docsgen.markdown import bullets, code, escape, page

_INTRODUCTION = (
    "Each setting of `rds-enrollment run` is a flag and an environment variable; the flag wins. AWS is configured by "
    "boto3's own variables (`AWS_REGION`, `AWS_PROFILE`, `AWS_ENDPOINT_URL`, …), Kubernetes by `KUBECONFIG` or the "
    "pod's service account, proxies by `HTTPS_PROXY` and `NO_PROXY`. The chart's values that set them are in its "
    "`values.yaml`."
)
_LIMITS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}


def render() -> dict[str, str]:
    """Text of the page by file name."""
    blocks = (_setting(field, info) for field, info in Settings.model_fields.items())
    return {
        "settings.md": page("Settings", "operator/rds_enrollment/runtime/settings.py", _INTRODUCTION, *blocks)
    }


def _setting(field: str, info: FieldInfo) -> str:
    facts = [f"Variable: {code(variable_name(field))}", f"Default: {_default(info)}"]
    if get_origin(info.annotation) is Literal:
        facts.append(f"Values: {', '.join(code(value) for value in get_args(info.annotation))}")
    limits = [
        _LIMITS[name].format(getattr(item, name))
        for item in info.metadata
        for name in _LIMITS
        if getattr(item, name, None) is not None
    ]
    if limits:
        facts.append(f"Limits: {', '.join(limits)}")
    return f"## `{flag_name(field)}`\n\n{escape(info.description or '')}\n\n{bullets(facts)}"


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "none; required"
    return "not set" if info.default in (None, (), "") else code(str(info.default))
