"""Which databases an enrolment chooses, and how they appear in Teleport."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import ConfigDict, Field

from rds_enrollment.api.base import SpecModel
from rds_enrollment.api.common import GROUP
from rds_enrollment.api.rules import Rule, list_atomic, list_set, validations
from rds_enrollment.api.types import Region, TagSelector, VpcId

COMPUTED_LABELS: Final = (
    "account-id",
    "region",
    "vpc-id",
    "engine",
    "engine-version",
    "endpoint-type",
    "status",
)
"""Labels that Teleport computes from RDS (lib/srv/discovery/common/database.go); agents and roles match on them."""
RESERVED_LABEL_PREFIXES: Final = ("teleport.dev/", "teleport.internal/", f"{GROUP}/")
"""Labels that only Teleport and this operator set."""

DbIdentifier = Annotated[str, Field(pattern="^[a-z](-?[a-z0-9])*$", max_length=63)]
"""DBInstanceIdentifier or DBClusterIdentifier (Amazon RDS API): RDS keeps them in lower case."""


class DatabaseKind(StrEnum):
    """What an RDS identifier names."""

    INSTANCE = "Instance"
    CLUSTER = "Cluster"


class Engine(StrEnum):
    """Engines of RDS that Teleport enrols (DBInstance.Engine, DBCluster.Engine)."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    AURORA_POSTGRESQL = "aurora-postgresql"
    AURORA_MYSQL = "aurora-mysql"


class Endpoint(StrEnum):
    """Which address of a database is enrolled."""

    PRIMARY = "Primary"
    READER = "Reader"
    CUSTOM = "Custom"


class NamingStrategy(StrEnum):
    """How a database gets its name in Teleport."""

    IDENTIFIER = "Identifier"
    QUALIFIED = "Qualified"


class IamAuthentication(StrEnum):
    """What becomes of a database that refuses IAM logins."""

    WARN = "Warn"
    REQUIRE = "Require"


class PrunePolicy(StrEnum):
    """What becomes of the db object of a database that is gone."""

    DELETE = "Delete"
    RETAIN = "Retain"


class TlsMode(StrEnum):
    """How agents verify a database's certificate (Teleport api/proto, types.DatabaseTLSMode)."""

    VERIFY_FULL = "VerifyFull"
    VERIFY_CA = "VerifyCa"
    INSECURE = "Insecure"


class SystemCertPool(StrEnum):
    """Whether agents trust the authorities of their image, too (types.DatabaseTLS, TrustSystemCertPool)."""

    IGNORED = "Ignored"
    TRUSTED = "Trusted"


class AllDatabases(SpecModel):
    """Every database of the regions; there is nothing to set."""


class DatabaseIdentifier(SpecModel):
    """One RDS instance or Aurora cluster."""

    kind: DatabaseKind
    """Instance for an RDS DB instance, Cluster for an Aurora cluster."""
    name: DbIdentifier
    """The identifier in RDS: up to 63 lower-case letters, digits and single hyphens; a letter first."""
    region: Region | None = None
    """Looks in this region only; it must be one of spec.regions. Default: in all of spec.regions."""


class DatabaseSelector(SpecModel):
    """Chooses databases by what they are; all that is set must hold."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "has(self.vpcIds) || has(self.engines) || has(self.tags)",
                "set at least one of vpcIds, engines and tags; for every database write all: {}",
            )
        )
    )

    vpc_ids: (
        Annotated[tuple[VpcId, ...], Field(min_length=1, max_length=100, json_schema_extra=list_set())] | None
    ) = None
    """VPCs of which a database must be in one, 1 to 100. Default: any."""
    engines: (
        Annotated[tuple[Engine, ...], Field(min_length=1, max_length=5, json_schema_extra=list_set())] | None
    ) = None
    """Engines of which a database must have one: postgres, mysql, mariadb, aurora-postgresql, aurora-mysql.
    Default: any."""
    tags: TagSelector | None = None
    """AWS tags that a database must all carry, with exactly these values. Default: any."""


class Databases(SpecModel):
    """Which databases are enrolled."""

    model_config = ConfigDict(
        json_schema_extra=validations(
            Rule(
                "[has(self.all), has(self.identifiers), has(self.selector)].exists_one(given, given)",
                "set exactly one of all, identifiers and selector",
            )
        )
    )

    all: AllDatabases | None = None
    """Every MySQL, MariaDB, PostgreSQL and Aurora database of the regions: write `all: {}`. Give exactly one of
    all, identifiers and selector."""
    identifiers: (
        Annotated[
            tuple[DatabaseIdentifier, ...],
            Field(min_length=1, max_length=500, json_schema_extra=list_atomic()),
        ]
        | None
    ) = None
    """Databases chosen one by one, 1 to 500. Give exactly one of all, identifiers and selector."""
    selector: DatabaseSelector | None = None
    """Databases chosen by VPC, engine and AWS tags. Give exactly one of all, identifiers and selector."""


class Naming(SpecModel):
    """Names of databases in Teleport."""

    strategy: NamingStrategy = NamingStrategy.IDENTIFIER
    """Identifier or Qualified. Identifier: as in RDS, like Teleport's wizard does. Qualified: with kind, region and
    account, like Teleport's auto-discovery does. The AWS tag TeleportDatabaseName wins over both. Databases that are
    enrolled are renamed only after the annotation rds-enrollment.dev/confirm-naming names the new strategy.
    Default: Identifier."""


LabelPattern = Annotated[str, Field(pattern=r"^[^\s*]*(\*[^\s*]*){0,3}$", min_length=1, max_length=128)]
"""A tag key in which each * (up to three) stands for any characters."""


class TagLabels(SpecModel):
    """Which AWS tags become labels."""

    include: Annotated[tuple[LabelPattern, ...], Field(max_length=50, json_schema_extra=list_set())] = ("*",)
    """Keys of tags that become labels, in which * stands for any characters, up to three times; at most 50 keys,
    none for an empty list.
    Default: all."""
    exclude: Annotated[tuple[LabelPattern, ...], Field(max_length=50, json_schema_extra=list_set())] = ()
    """Keys of tags that do not, even if include names them; at most 50. Default: none."""


class Tls(SpecModel):
    """How agents verify the databases' certificates."""

    mode: TlsMode = TlsMode.VERIFY_FULL
    """VerifyFull, VerifyCa (the host name is not checked) or Insecure (nothing is). Default: VerifyFull."""
    ca_certificate: (
        Annotated[str, Field(pattern="^-----BEGIN CERTIFICATE-----", min_length=1, max_length=65536)] | None
    ) = None
    """The PEM certificates to trust. Default: Amazon's for RDS, which agents download by themselves."""
    system_cert_pool: SystemCertPool = SystemCertPool.IGNORED
    """Ignored or Trusted: the authorities that come with the agents' image. Default: Ignored."""


_reserved_keys = ", ".join(f"'{key}'" for key in COMPUTED_LABELS)
_reserved_prefixes = " && ".join(f"!key.startsWith('{prefix}')" for prefix in RESERVED_LABEL_PREFIXES)

Labels = Annotated[
    Mapping[str, Annotated[str, Field(max_length=256)]],
    Field(
        max_length=50,
        json_schema_extra=validations(
            Rule(
                "self.all(key, key.size() <= 128 && key.matches('^[a-zA-Z/.0-9_:*-]+$'))",
                "a label key has 1 to 128 characters: letters, digits and / . _ : * -",
            ),
            Rule(
                f"self.all(key, !(key in [{_reserved_keys}]) && {_reserved_prefixes})",
                f"{', '.join(COMPUTED_LABELS)} and keys that begin with {', '.join(RESERVED_LABEL_PREFIXES)} are set "
                "by the operator; use other keys",
            ),
        ),
    ),
]
"""Labels of db objects (Teleport api/types, IsValidLabelKey)."""
