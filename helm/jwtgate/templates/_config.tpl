{{/* The content of jwtgate.yaml. toYaml, not tpl: `${NAME}` and braces in expressions belong to jwtgate. */}}
{{- define "jwtgate.config" -}}
{{- $listener := dict "address" (printf "0.0.0.0:%d" (int .Values.listener.port)) -}}
{{- if .Values.tls.enabled -}}
{{- $_ := set $listener "tls" (dict "certificate" "/etc/jwtgate-tls/tls.crt" "key" "/etc/jwtgate-tls/tls.key") -}}
{{- end -}}
{{- with .Values.listener.trustedProxies -}}
{{- $_ := set $listener "trusted_proxies" . -}}
{{- end -}}
{{- $chart := dict "listeners" (list $listener)
                   "admin" (dict "address" (printf "0.0.0.0:%d" (int .Values.admin.port)))
                   "shutdown" (dict "delay" "5s" "timeout" "30s") -}}
{{- $given := .Values.config | default (include "jwtgate.placeholder" . | fromYaml) -}}
{{- toYaml (mergeOverwrite $chart (deepCopy $given)) -}}
{{- end -}}

{{/*
Served while `config` is empty. It is a template and not a default in values.yaml because Helm merges maps: an issuer
that stood there would be trusted beside yours. Nobody holds a key of this issuer, so every request gets a 401.
*/}}
{{- define "jwtgate.placeholder" -}}
issuers:
  placeholder:
    issuer: https://placeholder.invalid
    audiences: [placeholder]
upstreams:
  placeholder:
    endpoints: ["http://127.0.0.1:3000"]
routes:
  - name: placeholder
    match: { path: /** }
    access: authenticated
    upstream: placeholder
{{- end -}}

{{/* Whether one of the addresses given has the port: dict "addresses" (list …) "port" N. */}}
{{- define "jwtgate.hasPort" -}}
{{- $suffix := printf ":%d" (int .port) -}}
{{- range .addresses -}}
{{- if hasSuffix $suffix . -}}true{{- end -}}
{{- end -}}
{{- end -}}
