"""The join token of a deployment."""

from dataclasses import replace

from rds_enrollment.api.common import OWNER_MARK
from rds_enrollment.api.reasons import ConditionType, Reason
from rds_enrollment.plan import names, ownership
from rds_enrollment.plan.deployment.wanted import WantedDeployment, wanted_token
from rds_enrollment.plan.deployment.world import DeploymentWorld
from rds_enrollment.plan.observed import Unseen
from rds_enrollment.plan.observed.aws import EcsService, TaskDefinition
from rds_enrollment.plan.observed.teleport import JoinRule, JoinToken
from rds_enrollment.plan.part import Part, refused, satisfied, unseen, writing
from rds_enrollment.plan.permissions.evaluation import matches
from rds_enrollment.plan.shell import command_line
from rds_enrollment.plan.steps.teleport import CreateJoinToken, UpdateJoinToken

_CONDITION = ConditionType.JOIN_TOKEN_READY


def token_part(wanted: WantedDeployment, world: DeploymentWorld, attempts: int) -> Part:
    """Create or mend the token; one that is not ours is left alone."""
    if isinstance(world.token, Unseen):
        return unseen(_CONDITION, world.token, attempts)
    if wanted.observed_token:
        return _observed(wanted, world.token)
    token = _wanted(wanted, world)
    if world.token is None:
        return writing(_CONDITION, CreateJoinToken(condition=_CONDITION, token=token))
    changed = _differences(world.token, token)
    if not ownership.marked(world.token.labels, wanted.owner.mark):
        return _foreign(wanted, world.token, token, changed)
    if changed:
        return writing(_CONDITION, UpdateJoinToken(condition=_CONDITION, token=token, changed=changed))
    if len(token.rules) > 1:
        roles = f"role {wanted.task_role.name}, and until the rollout is over the former one"
        return satisfied(_CONDITION, f"Join token {token.name} admits {roles}.")
    return satisfied(_CONDITION, f"Join token {token.name} admits role {wanted.task_role.name} alone.")


def _foreign(
    wanted: WantedDeployment, seen: JoinToken, token: JoinToken, differences: tuple[str, ...]
) -> Part:
    """One that carries another mark than ours, or none. Tokens have no tags: one that admits exactly the agents of this
    deployment is as good as tagged."""
    tags = {} if differences else wanted.adoption.teleport
    if wanted.adoption.takes({**seen.labels, **tags}):
        adopt = UpdateJoinToken(
            condition=_CONDITION,
            token=token,
            former_owner=seen.labels.get(OWNER_MARK, ""),
            changed=("owner", *differences),
        )
        return writing(_CONDITION, adopt)
    command = command_line("tctl", "rm", f"token/{token.name}")
    return refused(
        _CONDITION,
        Reason.OWNED_BY_ANOTHER,
        f"Join token {token.name} exists in Teleport and {ownership.owner_text(seen.labels)}: it is left as it is. "
        f"Let it be adopted (adoptionPolicy), or delete it with `{command}` if nothing uses it."
        f"{wanted.adoption.note}",
    )


def _observed(wanted: WantedDeployment, seen: JoinToken | None) -> Part:
    """Somebody else's token: it must admit the agents, and may admit others."""
    needed = wanted_token(wanted)
    [rule] = needed.rules
    if seen is None:
        message = (
            f"Join token {needed.name} does not exist in Teleport. Correct spec.joinToken, or take it away for a token "
            f"of the deployment's own."
        )
        return refused(_CONDITION, Reason.JOIN_TOKEN_NOT_FOUND, message)
    admits = any(_covers(item, rule) for item in seen.rules)
    if seen.join_method != needed.join_method or not needed.roles <= seen.roles or not admits:
        command = command_line("tctl", "edit", f"token/{seen.name}")
        message = (
            f"Join token {seen.name} does not admit the agents: it needs join_method {needed.join_method}, role "
            f"{', '.join(sorted(needed.roles))}, and an allow rule with aws_account {rule.account} and aws_arn "
            f"{rule.arn}. Add them with `{command}`, or take spec.joinToken away."
        )
        return refused(_CONDITION, Reason.JOIN_TOKEN_DOES_NOT_ADMIT, message)
    return satisfied(
        _CONDITION, f"Join token {seen.name}, which is not ours, admits role {wanted.task_role.name}."
    )


def _covers(rule: JoinRule, needed: JoinRule) -> bool:
    """Teleport takes `*` and `?` in aws_arn, and a rule without one for the whole account (lib/auth/join_iam.go)."""
    return rule.account == needed.account and matches(rule.arn or "*", needed.arn, False)


def _wanted(wanted: WantedDeployment, world: DeploymentWorld) -> JoinToken:
    """The token. A role that has changed gets its rule at once; the former rule goes when no task needs it any more.

    Until then a task of the former role must be able to join again: ECS restarts tasks, and rolls back.
    """
    token = wanted_token(wanted)
    if not isinstance(world.token, JoinToken) or _serves_wanted_role_alone(wanted, world):
        return token
    former = {rule for rule in world.token.rules if _is_former(rule, wanted)}
    return replace(token, rules=token.rules | former)


def _is_former(rule: JoinRule, wanted: WantedDeployment) -> bool:
    """Only roles of our account can have been the deployment's: a rule for anybody else is drift."""
    scope = wanted.scope
    prefix, suffix = names.assumed_role_pattern(scope.partition, scope.account, "|").split("|")
    return rule.account == scope.account and rule.arn.startswith(prefix) and rule.arn.endswith(suffix)


def _serves_wanted_role_alone(wanted: WantedDeployment, world: DeploymentWorld) -> bool:
    """Whether the service has no rollout under way and runs with the wanted role, or there is none."""
    if world.service is None:
        return True
    if not isinstance(world.service, EcsService) or not isinstance(world.serving, TaskDefinition):
        return False
    role = str(world.serving.body.get("taskRoleArn", "")).rpartition("/")[2]
    return role == wanted.task_role.name and len(world.service.deployments) <= 1


def _differences(existing: JoinToken, wanted: JoinToken) -> tuple[str, ...]:
    """Names of the fields that decide who is admitted, and are not as wanted."""
    fields = {
        "join_method": existing.join_method == wanted.join_method,
        "roles": existing.roles == wanted.roles,
        "allow": existing.rules == wanted.rules,
    }
    return tuple(name for name, same in fields.items() if not same)
