"""The same writes of `db` objects in a bare loop: nothing is looked at before or after, and nobody follows events.

A process of its own, as the operator is one: `python -m hack.bench.bare_writes ADDRESS IDENTITY COUNT AT_ONCE` prints
the seconds that the writes took, and leaves no object behind.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rds_enrollment.plan.observed.teleport import Database, RdsMetadata
from rds_enrollment.teleport.address import Address
from rds_enrollment.teleport.client import TeleportClient
from rds_enrollment.teleport.databases_wire import new_database
from rds_enrollment.teleport.identity_file import IdentityFile
from rds_enrollment.teleport.ways import Direct
from rds_enrollment.teleport.wire.database_pb2 import DatabaseV3
from rds_enrollment.teleport.wire.resource_pb2 import ResourceRequest

T = TypeVar("T")
_ACCOUNT, _REGION = "123456789012", "us-west-1"


async def main(address: str, identity: str, count: int, at_once: int) -> float:
    """Seconds of the writes; the connection is there before, and the messages are built."""
    client = TeleportClient(
        Direct(Address.parse(address), IdentityFile(Path(identity), lambda: datetime.now(UTC)))
    )
    await client.cluster()
    auth = client.caller.connection.session().auth
    messages = [_message(number) for number in range(count)]
    began = time.monotonic()
    await _each(messages, auth.CreateDatabase, at_once)
    seconds = time.monotonic() - began
    named = [ResourceRequest(Name=message.Metadata.Name) for message in messages]
    await _each(named, auth.DeleteDatabase, at_once)
    client.close()
    return seconds


async def _each(items: Iterable[T], write: Callable[[T], Awaitable[object]], at_once: int) -> None:
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await write(item)

    await asyncio.gather(*(work() for _ in range(at_once)))


def _message(number: int) -> DatabaseV3:
    """As large as what the operator writes of an instance of the bench's estate."""
    name, vpc = f"db-{number:05}", f"vpc-{number % 10:017x}"
    labels = {"account-id": _ACCOUNT, "region": _REGION, "vpc-id": vpc, "engine": "postgres"}
    labels |= {"endpoint-type": "instance", "engine-version": "16.4", "status": "available"}
    labels |= {"team": "shop", "cost-center": "4711", "teleport.dev/origin": "dynamic"}
    return new_database(
        Database(
            name=name,
            description=f"RDS instance in {_REGION}",
            labels={**labels, "rds-enrollment.dev/owner": "sandbox/rdsenroll/teleport/prod"},
            protocol="postgres",
            uri=f"{name}.abcdefghijkl.{_REGION}.rds.amazonaws.com:5432",
            region=_REGION,
            account_id=_ACCOUNT,
            rds=RdsMetadata(
                instance_id=name,
                resource_id=f"db-{number:026}",
                iam_auth=True,
                vpc_id=vpc,
                subnets=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
            ),
        )
    )


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
