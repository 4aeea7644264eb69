{{- /* Settings of `rds-enrollment run`, as environment variables. */ -}}
{{- define "rds-enrollment.environment" -}}
- name: RDS_ENROLLMENT_TELEPORT_ADDRESS
  value: {{ .Values.teleport.address | quote }}
- name: RDS_ENROLLMENT_TELEPORT_IDENTITY
  value: {{ include "rds-enrollment.identityFolder" . }}
- name: RDS_ENROLLMENT_TELEPORT_CONNECTION
  value: {{ .Values.teleport.connection }}
{{- with .Values.aws.assumeRolesFile }}
- name: RDS_ENROLLMENT_ASSUME_ROLES
  value: {{ . | quote }}
{{- end }}
{{- with .Values.teleport.caFile }}
- name: RDS_ENROLLMENT_TELEPORT_CA_FILE
  value: {{ . | quote }}
{{- end }}
- name: RDS_ENROLLMENT_TELEPORT_EDITION
  value: {{ .Values.teleport.edition }}
{{- if .Values.fips }}
- name: RDS_ENROLLMENT_FIPS
  value: "true"
{{- end }}
{{- with .Values.ownerId }}
- name: RDS_ENROLLMENT_OWNER_ID
  value: {{ . | quote }}
{{- end }}
{{- with .Values.watchNamespaces }}
- name: RDS_ENROLLMENT_WATCH_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
- name: RDS_ENROLLMENT_LEASE_NAME
  value: {{ include "rds-enrollment.fullname" . | quote }}
- name: RDS_ENROLLMENT_LEASE_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: RDS_ENROLLMENT_LEASE_IDENTITY
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- name: RDS_ENROLLMENT_HTTP_ADDRESS
  value: {{ printf "0.0.0.0:%v" .Values.http.port | quote }}
- name: RDS_ENROLLMENT_OBJECT_METRICS
  value: {{ .Values.metrics.objects | quote }}
{{- with .Values.settings }}
- name: RDS_ENROLLMENT_WORKERS
  value: {{ .workers | quote }}
- name: RDS_ENROLLMENT_AWS_THREADS
  value: {{ .awsThreads | quote }}
- name: RDS_ENROLLMENT_AWS_CALLS_PER_SECOND
  value: {{ .awsCallsPerSecond | quote }}
- name: RDS_ENROLLMENT_CONCURRENT_WRITES
  value: {{ .concurrentWrites | quote }}
- name: RDS_ENROLLMENT_MAX_CONCURRENT_ROLLOUTS
  value: {{ .maxConcurrentRollouts | quote }}
- name: RDS_ENROLLMENT_MAX_DELETIONS_PER_HOUR
  value: {{ .maxDeletionsPerHour | quote }}
- name: RDS_ENROLLMENT_POLL_SECONDS
  value: {{ .pollSeconds | quote }}
- name: RDS_ENROLLMENT_WATCH_CHECK_SECONDS
  value: {{ .watchCheckSeconds | quote }}
- name: RDS_ENROLLMENT_WATCH_GRACE_SECONDS
  value: {{ .watchGraceSeconds | quote }}
- name: RDS_ENROLLMENT_READ_ONLY
  value: {{ .readOnly | quote }}
- name: RDS_ENROLLMENT_ADOPTION
  value: {{ .adoption }}
- name: RDS_ENROLLMENT_PREFLIGHT
  value: {{ .preflight }}
{{- with .hostAddresses }}
- name: RDS_ENROLLMENT_HOST_ADDRESSES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .docsUrl }}
- name: RDS_ENROLLMENT_DOCS_URL
  value: {{ . | quote }}
{{- end }}
- name: RDS_ENROLLMENT_LEASE_SECONDS
  value: {{ .leaseSeconds | quote }}
- name: RDS_ENROLLMENT_LOG_LEVEL
  value: {{ .logLevel }}
- name: RDS_ENROLLMENT_LOG_FORMAT
  value: {{ .logFormat }}
{{- end }}
{{- with .Values.aws.region }}
- name: AWS_REGION
  value: {{ . }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rds-enrollment.identityFolder" -}}
/var/run/rds-enrollment/teleport
{{- end -}}
