"""Writes to Teleport."""

from dataclasses import dataclass
from typing import ClassVar

from rds_enrollment.plan.observed.teleport import Database, Integration, JoinToken
from rds_enrollment.plan.steps.base import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class TeleportStep(Step):
    """A write to Teleport."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIntegration(TeleportStep):
    """IntegrationService/CreateIntegration."""

    integration: Integration

    @property
    def target(self) -> str:
        return f"Teleport integration {self.integration.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateIntegration(TeleportStep):
    """IntegrationService/UpdateIntegration, of an object that exists."""

    integration: Integration
    former_owner: str | None = None
    """The owner mark (empty: none) of an object that is adopted; None: it is ours."""

    @property
    def target(self) -> str:
        return f"Teleport integration {self.integration.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteIntegration(TeleportStep):
    """IntegrationService/DeleteIntegration."""

    integration: str
    owner: str
    """The owner mark that the object carries: what has become another's is left alone."""

    @property
    def target(self) -> str:
        return f"Teleport integration {self.integration}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateJoinToken(TeleportStep):
    """AuthService/CreateTokenV2: fails when the token exists."""

    token: JoinToken

    @property
    def target(self) -> str:
        return f"Teleport join token {self.token.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateJoinToken(TeleportStep):
    """AuthService/UpsertTokenV2, of a token that exists."""

    token: JoinToken
    former_owner: str | None = None
    """The owner mark (empty: none) of a token that is adopted; None: it is ours."""

    @property
    def target(self) -> str:
        return f"Teleport join token {self.token.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteJoinToken(TeleportStep):
    """AuthService/DeleteToken."""

    token: str
    owner: str
    """The owner mark that the object carries: what has become another's is left alone."""

    @property
    def target(self) -> str:
        return f"Teleport join token {self.token}"


def database_target(name: str) -> str:
    """A `db` object as steps name it."""
    return f"Teleport database {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateDatabase(TeleportStep):
    """AuthService/CreateDatabase: fails when the name is taken."""

    independent: ClassVar[bool] = True
    database: Database

    @property
    def target(self) -> str:
        return database_target(self.database.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDatabase(TeleportStep):
    """AuthService/UpdateDatabase, of an object that exists."""

    independent: ClassVar[bool] = True
    database: Database
    former_owner: str | None = None
    """The owner mark (empty: none) of an object that is adopted; None: it is ours."""

    @property
    def target(self) -> str:
        return database_target(self.database.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDatabase(TeleportStep):
    """AuthService/DeleteDatabase."""

    independent: ClassVar[bool] = True
    database: str
    owner: str
    """The owner mark that the object carries: what has become another's is left alone."""

    @property
    def target(self) -> str:
        return database_target(self.database)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisownStep(TeleportStep):
    """Takes the owner label off an object that stays."""

    independent: ClassVar[bool] = True
    object_name: str
    owner: str
    """The owner mark that the object carries: what has become another's is left alone."""

    @property
    def target(self) -> str:
        return f"owner label of {self.object_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DisownIntegration(DisownStep):
    """IntegrationService/UpdateIntegration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisownJoinToken(DisownStep):
    """AuthService/UpsertTokenV2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisownDatabase(DisownStep):
    """AuthService/UpdateDatabase."""
