"""What a controller talks to, and how it reads: a read that ends in a foreseen outcome is a value, too."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from rds_enrollment.aws.session import AwsClients
from rds_enrollment.controllers.brake import TeardownBrake
from rds_enrollment.controllers.drift import DriftReporter
from rds_enrollment.controllers.grants_file import GrantsFile
from rds_enrollment.kubernetes.client import Objects
from rds_enrollment.kubernetes.events import Recorder
from rds_enrollment.plan.observed import Seen, Unseen
from rds_enrollment.plan.observed.aws import RdsInventory
from rds_enrollment.plan.observed.network import NetworkFacts, VpcDns
from rds_enrollment.plan.observed.security_groups import SecurityGroupRule
from rds_enrollment.plan.outcome import Outcome
from rds_enrollment.runtime.host_names import HostNames
from rds_enrollment.runtime.reconciler import Key
from rds_enrollment.runtime.shared_reads import SharedReads
from rds_enrollment.runtime.threads import ThreadPool
from rds_enrollment.teleport.issuer import Issuer
from rds_enrollment.teleport.logins import Logins
from rds_enrollment.teleport.view import LiveView

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapters:
    """Everything outside the process, plus the clock and the dice."""

    objects: Objects
    events: Recorder
    drift: DriftReporter
    aws: AwsClients
    threads: ThreadPool
    """For AWS calls, which block."""
    inventories: SharedReads[tuple[str, str], RdsInventory]
    """RDS listings by account and region, for all enrolments together."""
    networks: SharedReads[tuple[str, str], NetworkFacts]
    """The networks by account and region, for all deployments together."""
    marked_rules: SharedReads[tuple[str, str], tuple[SecurityGroupRule, ...]]
    """Rules of security groups with an owner mark, by account and region, for all deployments together."""
    dns: SharedReads[tuple[str, str, str], VpcDns]
    """The DNS of VPCs by account, region and id, for all deployments together."""
    quotas: SharedReads[tuple[str, str], float]
    """Fargate's vCPUs by account and region, for all deployments together."""
    issuer: Issuer
    """The certificates that Teleport's public address serves."""
    host_names: HostNames
    """Addresses of hosts that agents need."""
    adopts_always: bool
    """Whether objects may adopt what carries no tags of Teleport."""
    preflight_blocks: bool
    """Whether findings in the network keep services from being made or changed."""
    teleport: LiveView
    logins: Logins
    """Tries logins at databases, when somebody asks for one."""
    grants: GrantsFile
    """Which roles may be assumed for whom."""
    owner_id: str
    edition: Literal["auto", "oss", "ent"]
    fips: bool
    """Whether agents run in FIPS mode."""
    docs_url: str
    """Of the site of the docs, for messages; empty where none is known."""
    poll_seconds: float
    """How soon to look again at what is in progress in AWS or Teleport."""
    read_only: bool
    """Whether every object is only observed, whatever its spec says."""
    brake: TeardownBrake
    concurrent_writes: int
    """Of one pass, where none builds on another."""
    max_rollouts: int
    """Deployments of one Teleport cluster that may change their agents' version at a time."""
    failures: Callable[[Key], int]
    """Failed passes of a key in a row."""
    now: Callable[[], datetime]
    rng: random.Random


async def seen(read: Awaitable[T]) -> Seen[T]:
    """What the read returns, or Unseen with the outcome that it raised."""
    try:
        return await read
    except Outcome as outcome:
        return Unseen(outcome)
