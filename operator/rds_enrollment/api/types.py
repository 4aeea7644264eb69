"""Constrained values that several kinds share. Patterns keep to what Go's RE2 and Rust's regex share: the API
server and pydantic check the same text."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from rds_enrollment.api.rules import Rule, validations

DNS_1035 = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
_TAG_CHARACTERS = r"[\p{L}\p{Z}\p{N}_.:/=+@-]"
"""What every AWS service accepts in tags (AWS Resource Groups Tagging API, tag naming limits)."""

AccountId = Annotated[str, Field(pattern="^[0-9]{12}$", max_length=12)]
Region = Annotated[str, Field(pattern="^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", max_length=32)]
VpcId = Annotated[str, Field(pattern="^vpc-[0-9a-f]{8,17}$", max_length=21)]
SubnetId = Annotated[str, Field(pattern="^subnet-[0-9a-f]{8,17}$", max_length=24)]
SecurityGroupId = Annotated[str, Field(pattern="^sg-[0-9a-f]{8,17}$", max_length=20)]
RoleName = Annotated[str, Field(pattern="^[A-Za-z0-9_+=,.@-]+$", min_length=1, max_length=64)]
"""AWS IAM CreateRole: RoleName."""
RoleArn = Annotated[
    str, Field(pattern="^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", max_length=2048)
]
ObjectName = Annotated[str, Field(min_length=1, max_length=63)]
Arn = Annotated[str, Field(max_length=2048)]
Url = Annotated[str, Field(max_length=2048)]
Text = Annotated[str, Field(max_length=256)]
Count = Annotated[int, Field(ge=0)]
Replicas = Annotated[int, Field(ge=1, le=100)]

TagValue = Annotated[str, Field(pattern=f"^{_TAG_CHARACTERS}*$", max_length=256)]

_TAG_KEYS = Rule(
    f"self.all(key, key.matches(r'^{_TAG_CHARACTERS}{{1,128}}$'))",
    "a tag key has 1 to 128 characters: letters, digits, spaces and _ . : / = + - @",
)

TagSelector = Annotated[
    Mapping[str, TagValue],
    Field(min_length=1, max_length=20, json_schema_extra=validations(_TAG_KEYS)),
]
"""Tags that a resource must all carry, with exactly these values."""

AppliedTags = Annotated[Mapping[str, TagValue], Field(max_length=100)]
"""Tags that were written."""

Tags = Annotated[
    Mapping[str, TagValue],
    Field(
        max_length=40,
        json_schema_extra=validations(
            _TAG_KEYS,
            Rule(
                "self.all(key, !key.lowerAscii().startsWith('aws:'))",
                "tag keys that begin with aws: are reserved by AWS; use another prefix",
            ),
            Rule(
                "self.all(key, !key.lowerAscii().startsWith('teleport.dev/')"
                " && !key.lowerAscii().startsWith('rds-enrollment.dev/'))",
                "tag keys that begin with teleport.dev/ or rds-enrollment.dev/ are set by the operator;"
                " use another prefix",
            ),
            Rule(
                "self.all(key, self.exists_one(other, other.lowerAscii() == key.lowerAscii()))",
                "tag keys must differ in more than upper and lower case: IAM takes them for the same",
            ),
        ),
    ),
]
"""Tags to write. IAM compares keys without regard to case (AWS IAM, tagging rules), so the rules do too."""
