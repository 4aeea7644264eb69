"""RdsEnrollment: chosen RDS databases as db objects in Teleport, and a deployment for each of their VPCs."""
