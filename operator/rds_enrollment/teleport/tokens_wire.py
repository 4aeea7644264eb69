"""The join token between its value and its wire message (types.ProvisionTokenV2)."""

from rds_enrollment.plan.observed.teleport import JoinRule, JoinToken
from rds_enrollment.teleport.metadata_wire import merge_labels, new_metadata
from rds_enrollment.teleport.wire.token_pb2 import ProvisionTokenV2, TokenRule

_KIND = "token"
_VERSION = "v2"


def read_token(message: ProvisionTokenV2) -> JoinToken:
    """The value of a message."""
    return JoinToken(
        name=message.Metadata.Name,
        join_method=message.Spec.JoinMethod,
        roles=frozenset(message.Spec.Roles),
        rules=frozenset(map(_read_rule, message.Spec.Allow)),
        labels=dict(message.Metadata.Labels),
    )


def new_token(token: JoinToken) -> ProvisionTokenV2:
    """The message that creates `token`."""
    message = ProvisionTokenV2(Kind=_KIND, Version=_VERSION, Metadata=new_metadata(token.name))
    write_token(message, token)
    return message


def write_token(message: ProvisionTokenV2, token: JoinToken) -> None:
    """Sets in `message` the join method, roles, rules and labels of `token`, and leaves every other field.

    Labels that `token` does not name stay. A rule that stays keeps its place and its other fields.
    """
    merge_labels(message.Metadata, token.labels)
    spec = message.Spec
    spec.JoinMethod = token.join_method
    spec.Roles[:] = sorted(token.roles)
    kept = [rule for rule in spec.Allow if _read_rule(rule) in token.rules]
    missing = token.rules.difference(map(_read_rule, kept))
    rules = [*kept, *map(_new_rule, sorted(missing, key=lambda rule: (rule.account, rule.arn)))]
    spec.ClearField("Allow")
    spec.Allow.extend(rules)


def _read_rule(message: TokenRule) -> JoinRule:
    return JoinRule(account=message.AWSAccount, arn=message.AWSARN)


def _new_rule(rule: JoinRule) -> TokenRule:
    return TokenRule(AWSAccount=rule.account, AWSARN=rule.arn)
