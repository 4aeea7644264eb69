{{- /* The operator's rules. The UID of kube-system is read for the default owner id alone. */ -}}
{{- define "rds-enrollment.rules" -}}
{{- $rules := list -}}
{{- range .Files.Get "files/rules.yaml" | fromYamlArray -}}
{{- if not (and $.Values.ownerId (has "namespaces" .resources)) -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end -}}

{{- /* Rules about the Lease, with its name. */ -}}
{{- define "rds-enrollment.leaseRules" -}}
{{- $rules := list -}}
{{- range .Files.Get "files/lease-rules.yaml" | fromYamlArray -}}
{{- if .resourceNames -}}
{{- $_ := set . "resourceNames" (list (include "rds-enrollment.fullname" $)) -}}
{{- end -}}
{{- $rules = append $rules . -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end -}}
