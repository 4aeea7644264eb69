"""What every kind refuses."""

from tests.cluster.refused.manifest import DEPLOYMENT, ENROLLMENT, INTEGRATION, Case, tags

CASES = {
    # Root rules
    "name too long": Case(
        DEPLOYMENT,
        "metadata.name",
        "n" * 64,
        "metadata.name must have at most 63 characters: it becomes part of a tag value in AWS",
        "n" * 63,
    ),
    "name no integration name": Case(
        INTEGRATION,
        "metadata.name",
        "1st.prod",
        "metadata.name is no name that Teleport takes for an integration (lower-case letters, digits and"
        " hyphens, beginning with a letter): set spec.integrationName",
        "first-prod",
    ),
    "analyzer that is always on": Case(
        DEPLOYMENT,
        "spec.diagnostics",
        {"reachabilityAnalyzer": "Always"},
        'spec.diagnostics.reachabilityAnalyzer: Unsupported value: "Always"',
        {"reachabilityAnalyzer": "OnFailure", "maxAnalysesPerDay": 20},
    ),
    "more analyses than are remembered": Case(
        ENROLLMENT,
        "spec.deployment.diagnostics",
        {"maxAnalysesPerDay": 21},
        "spec.deployment.diagnostics.maxAnalysesPerDay in body should be less than or equal to 20",
        {"reachabilityAnalyzer": "Disabled", "maxAnalysesPerDay": 1},
    ),
    # Common
    "deletion by halves": Case(
        ENROLLMENT,
        "spec.deletionPolicy",
        "Keep",
        'spec.deletionPolicy: Unsupported value: "Keep"',
        "Retain",
    ),
    "adoption by halves": Case(
        INTEGRATION,
        "spec.adoptionPolicy",
        "Sometimes",
        'spec.adoptionPolicy: Unsupported value: "Sometimes"',
        "IfTagged",
    ),
    "resync too often": Case(INTEGRATION, "spec.resyncPeriod", "9s", "must be between 10s and 24h", "10s"),
    "resync too seldom": Case(
        ENROLLMENT, "spec.resyncPeriod", "24h1s", "must be between 10s and 24h", "23h59m60s"
    ),
    "resync in days": Case(
        DEPLOYMENT,
        "spec.resyncPeriod",
        "1d",
        "spec.resyncPeriod in body should match '^([0-9]{1,2}h)?([0-9]{1,4}m)?([0-9]{1,5}s)?$'",
        "24h",
    ),
    "too many tags": Case(
        DEPLOYMENT, "spec.tags", tags(41), "Too many: 41: must have at most 40 items", tags(40)
    ),
    "tag key": Case(
        ENROLLMENT,
        "spec.tags",
        {"cost*": "1"},
        "a tag key has 1 to 128 characters: letters, digits, spaces and _ . : / = + - @",
        {"k" * 128: "Größe 1"},
    ),
    "tag key too long": Case(
        ENROLLMENT, "spec.tags", {"k" * 129: ""}, "a tag key has 1 to 128 characters", {"k": ""}
    ),
    "tag value": Case(
        ENROLLMENT,
        "spec.tags",
        {"team": "a&b"},
        r"spec.tags.team in body should match '^[\p{L}\p{Z}\p{N}_.:/=+@-]*$'",
        {"team": "a+b"},
    ),
    "tag of AWS": Case(
        INTEGRATION,
        "spec.tags",
        {"AWS:name": "x"},
        "tag keys that begin with aws: are reserved by AWS; use another prefix",
        {"aws-name": "x"},
    ),
    "tag of Teleport": Case(
        DEPLOYMENT,
        "spec.tags",
        {"Teleport.dev/origin": "x"},
        "tag keys that begin with teleport.dev/ or rds-enrollment.dev/ are set by the operator; use another prefix",
        {"example.com/origin": "x"},
    ),
    "tag of ours": Case(
        DEPLOYMENT,
        "spec.tags",
        {"rds-enrollment.dev/owner": "me"},
        "are set by the operator",
        {"owner": "me"},
    ),
    "tags that differ by case": Case(
        INTEGRATION,
        "spec.tags",
        {"Team": "a", "team": "b"},
        "tag keys must differ in more than upper and lower case: IAM takes them for the same",
        {"team": "a", "team2": "b"},
    ),
}
