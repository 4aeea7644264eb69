{{- /* Machine ID beside the operator: an init container that stays, so that the identity is there before it. */ -}}
{{- define "rds-enrollment.tbot" -}}
{{- $tbot := .Values.teleport.identity.tbot -}}
- name: tbot
  image: {{ include "rds-enrollment.image" (dict "image" $tbot.image "tag" "") }}
  imagePullPolicy: {{ $tbot.image.pullPolicy }}
  restartPolicy: Always
  args: [start, --config=/etc/tbot/tbot.yaml, --log-format=json, "--diag-addr=0.0.0.0:3001"]
  {{- if $tbot.tokenAudience }}
  env:
    - name: KUBERNETES_TOKEN_PATH
      value: /var/run/secrets/tbot/token
  {{- end }}
  ports:
    - name: tbot
      containerPort: 3001
  startupProbe:
    httpGet: {path: /readyz, port: tbot}
    periodSeconds: 2
    failureThreshold: 90
  livenessProbe:
    httpGet: {path: /livez, port: tbot}
    periodSeconds: 20
    timeoutSeconds: 5
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  resources:
    {{- toYaml $tbot.resources | nindent 4 }}
  volumeMounts:
    - name: tbot
      mountPath: /etc/tbot
      readOnly: true
    - name: identity
      mountPath: {{ include "rds-enrollment.identityFolder" . }}
    {{- if $tbot.tokenAudience }}
    - name: join-token
      mountPath: /var/run/secrets/tbot
      readOnly: true
    {{- end }}
{{- end -}}

{{- /* Machine ID's configuration, version 2 (Teleport lib/tbot/config). */ -}}
{{- define "rds-enrollment.tbotConfig" -}}
{{- $tbot := .Values.teleport.identity.tbot -}}
version: v2
{{- if $tbot.proxyServer }}
proxy_server: {{ $tbot.proxyServer | quote }}
{{- else }}
auth_server: {{ .Values.teleport.address | quote }}
{{- end }}
onboarding:
  join_method: {{ $tbot.joinMethod }}
  token: {{ $tbot.token | quote }}
storage:
  type: memory
outputs:
  - type: identity
    destination:
      type: directory
      path: {{ include "rds-enrollment.identityFolder" . }}
{{- end -}}
