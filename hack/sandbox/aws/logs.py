"""moto's CloudWatch Logs with keys that change.

Source: Amazon CloudWatch Logs API Reference, AssociateKmsKey, DisassociateKmsKey.
"""

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse


class SimulatedLogsResponse(LogsResponse):
    def associate_kms_key(self) -> str:
        self._group().kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate_kms_key(self) -> str:
        self._group().kms_key_id = None
        return ""

    def _group(self) -> Any:
        name = self._get_param("logGroupName")
        if name not in self.logs_backend.groups:
            raise ResourceNotFoundException
        return self.logs_backend.groups[name]
