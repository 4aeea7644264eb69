"""What is said of one account and region, said of another, and back."""

import base64
import json

from hack.bench.places import Place, Translation

ACCOUNT, REGION = "123456789012", "us-west-1"
VPCS = ("vpc-0123456789abcdef0", "vpc-fedcba98765432100")
TRANSLATION = Translation(ACCOUNT, REGION, VPCS)
PLACE = Place("200000000007", "eu-central-1", 0x1F)
TOLD = (
    f'{{"arn": "arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c", "zone": "{REGION}a", "role": "Access-{VPCS[1]}"}}'
)


def test_there_and_back() -> None:
    there = TRANSLATION.to(PLACE, TOLD)
    assert not any(text in there for text in (ACCOUNT, REGION, *VPCS))
    assert f"{PLACE.region}:{PLACE.account}:cluster/c" in there
    assert TRANSLATION.back(PLACE, there) == TOLD


def test_a_configuration_in_base64_is_told_anew() -> None:
    config = TOLD * 2
    there = TRANSLATION.to(PLACE, f'["--config-string", "{base64.b64encode(config.encode()).decode()}"]')
    assert base64.b64decode(json.loads(there)[1]).decode() == TRANSLATION.to(PLACE, config)


def test_a_vpc_tells_its_place() -> None:
    assert Translation.number_in(TRANSLATION.to(PLACE, VPCS[0])) == PLACE.number
    assert Translation.number_in("RoleName=teleport-prod-aws") is None
