"""The EKS Pod Identity agent, which lends AWS credentials to a pod for its service account's token.

Source: Amazon EKS User Guide, "EKS Pod Identity Agent"; AWS SDKs and Tools Reference Guide, "Container credentials".
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ACCESS_KEY = "ASIAPODIDENTITY00000"
SECRET_KEY = "lent-secret-key"  # noqa: S105 (of the sandbox)
SESSION_TOKEN = "lent-session-token"  # noqa: S105
TOKEN = "of-the-pod"  # noqa: S105
_LOOPBACK = "127.0.0.1"
_LIFETIME = timedelta(hours=1)
_POLL_SECONDS = 0.05


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The credentials, for those who show the pod's token."""
        allowed = self.headers.get("Authorization") == TOKEN
        until = (datetime.now(UTC) + _LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
        lent = {
            "AccessKeyId": ACCESS_KEY,
            "SecretAccessKey": SECRET_KEY,
            "Token": SESSION_TOKEN,
            "Expiration": until,
        }
        body = json.dumps(lent if allowed else {"message": "not the token of a pod"}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the output is the test's."""


@contextmanager
def pod_identity_agent(folder: Path) -> Iterator[dict[str, str]]:
    """Serves within the context; what a pod finds in its environment. The token is put into `folder`."""
    token = folder / "eks-pod-identity-token"
    token.write_text(TOKEN)
    with ThreadingHTTPServer((_LOOPBACK, 0), _Handler) as agent:
        thread = threading.Thread(target=agent.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{_LOOPBACK}:{agent.server_port}/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token),
            }
        finally:
            agent.shutdown()
            thread.join()
