{{- /* What a JSON schema cannot say in words that help: rules between values. */ -}}
{{- define "rds-enrollment.checks" -}}
{{- $teleport := .Values.teleport -}}
{{- $tbot := $teleport.identity.tbot -}}
{{- $_ := required "teleport.address is required: Teleport's auth service or proxy, as host:port" $teleport.address -}}
{{- if and $tbot.enabled $teleport.identity.secretName -}}
{{- fail "set either teleport.identity.secretName or teleport.identity.tbot.enabled, not both" -}}
{{- end -}}
{{- if not (or $tbot.enabled $teleport.identity.secretName) -}}
{{- fail "the operator needs an identity for Teleport: set teleport.identity.secretName to a Secret that holds an identity file, or teleport.identity.tbot.enabled to true" -}}
{{- end -}}
{{- if $tbot.enabled -}}
{{- $_ := required "teleport.identity.tbot.token is required: the name of the bot's join token" $tbot.token -}}
{{- if not (or $tbot.image.tag $tbot.image.digest) -}}
{{- fail "teleport.identity.tbot.image.tag is required: the version of the Teleport cluster" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.rbac.scope "Namespaced" -}}
{{- if not .Values.watchNamespaces -}}
{{- fail "rbac.scope Namespaced needs watchNamespaces: the namespaces that the operator may serve" -}}
{{- end -}}
{{- if not .Values.ownerId -}}
{{- fail "rbac.scope Namespaced needs ownerId: its default is read from namespace kube-system, which takes a cluster-wide right" -}}
{{- end -}}
{{- end -}}
{{- with .Values.metrics -}}
{{- if and .prometheusRule.enabled (not (or .prometheusRule.job .serviceMonitor.enabled .podMonitor.enabled)) -}}
{{- fail "metrics.prometheusRule needs metrics.serviceMonitor or metrics.podMonitor, or the label job of your own scrapes in metrics.prometheusRule.job" -}}
{{- end -}}
{{- if and .prometheusRule.enabled (not .prometheusRule.runbookUrl) -}}
{{- fail "metrics.prometheusRule.runbookUrl is required: where docs/runbooks is published, such as https://docs.example.com/runbooks/{alert}.html" -}}
{{- end -}}
{{- if and .prometheusRule.enabled (not .objects) -}}
{{- fail "metrics.prometheusRule needs metrics.objects: half of the alerts are about single objects" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) -}}
{{- fail "metrics.serviceMonitor needs metrics.service; use metrics.podMonitor without a Service" -}}
{{- end -}}
{{- end -}}
