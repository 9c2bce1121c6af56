{{- define "shared.name" -}}{{ .Chart.Name }}-{{ .Values.top | default "none" }}{{- end -}}
