{{- define "outer" -}}
{{ include "inner" . }}
{{- end -}}
{{- define "inner" -}}
{{- if eq .Values.which "nil" }}{{ .Values.absent.field }}{{ end -}}
{{- if eq .Values.which "fail" }}{{ fail "this must not be\nat all" }}{{ end -}}
{{- if eq .Values.which "required" }}{{ required "a value is needed" .Values.absent }}{{ end -}}
{{- if eq .Values.which "missing" }}{{ include "nowhere" . }}{{ end -}}
{{- if eq .Values.which "tpl" }}{{ tpl "{{ .Values.absent.field }}" . }}{{ end -}}
{{- if eq .Values.which "tplparse" }}{{ tpl "{{ if }}" . }}{{ end -}}
{{- if eq .Values.which "function" }}{{ semverCompare "latest" "1" }}{{ end -}}
{{- if eq .Values.which "yaml" }}{{ "a: [" }}{{ end -}}
{{- if eq .Values.which "list" }}{{ "- a" }}{{ end -}}
{{- if eq .Values.which "type" }}{{ upper 1 }}{{ end -}}
{{- if eq .Values.which "loop" }}{{ include "outer" . }}{{ end -}}
{{- end -}}
