"""The job as a script: boto3 and its waiters, one step after the other; to be started again when something changes.

`python -m hack.bench.instead.script ADDRESS IDENTITY REGION` prints, as JSON, the seconds that it took and the bytes
that it had resident at its end. AWS comes from boto3's environment.
"""

import json
import sys
import time

from hack.bench.instead.aws_job import AwsJob
from hack.bench.instead.job import Job
from hack.bench.instead.teleport_job import TeleportJob
from hack.bench.resident import resident_memory
from hack.bench.wanted import task_role, vpc_of

_POLL_SECONDS = 1.0


def main(address: str, identity: str, region: str) -> None:
    """Everything; clients are made before."""
    job = Job(AwsJob(region), TeleportJob(address, identity))
    began = time.monotonic()
    instances = job.aws.databases()
    vpcs = sorted({vpc_of(item) for item in instances})
    job.integrate("prod-aws", "teleport-prod-aws", [task_role(vpc) for vpc in vpcs])
    for vpc in vpcs:
        job.deploy(vpc, {"tier": "private"}, {"role": "teleport-agents"})
    job.enroll(instances)
    for vpc in vpcs:
        job.wait_stable(vpc)
        while not job.connected(vpc):
            time.sleep(_POLL_SECONDS)
    seconds = time.monotonic() - began
    job.teleport.close()
    print(json.dumps({"seconds": seconds, "resident": resident_memory("self")}))


if __name__ == "__main__":
    main(*sys.argv[1:])
