{{- /* The operator's rules. */ -}}
{{- define "rds-enrollment.rules" -}}
{{- .Files.Get "files/rules.yaml" | fromYamlArray | toYaml -}}
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
