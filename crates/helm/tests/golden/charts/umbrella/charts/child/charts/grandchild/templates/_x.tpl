{{- define "shared.name" -}}grandchild's{{- end -}}
