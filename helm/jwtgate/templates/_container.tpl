{{/* One container, for the Deployment here or, with the mode `sidecar`, for the initContainers of another chart. */}}
{{- define "jwtgate.container" -}}
- name: jwtgate
  image: {{ include "jwtgate.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [run, --config, /etc/jwtgate/jwtgate.yaml]
  ports:
    - name: jwtgate
      containerPort: {{ .Values.listener.port }}
    - name: jwtgate-admin
      containerPort: {{ .Values.admin.port }}
  {{- with .Values.extraEnv }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  # Up to a minute: ready means that every issuer's keys are there, or could not be had for 30 s.
  startupProbe:
    httpGet: { path: /readyz, port: jwtgate-admin }
    periodSeconds: 1
    failureThreshold: 60
  readinessProbe:
    httpGet: { path: /readyz, port: jwtgate-admin }
    periodSeconds: 5
  livenessProbe:
    httpGet: { path: /livez, port: jwtgate-admin }
    periodSeconds: 10
    failureThreshold: 3
  {{- if and (eq .Values.mode "gateway") .Values.preStopSleepSeconds }}
  lifecycle:
    preStop:
      sleep:
        seconds: {{ .Values.preStopSleepSeconds }}
  {{- end }}
  {{- with .Values.resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .Values.securityContext | nindent 4 }}
  # Directories, never a subPath: the kubelet would not update that, and a reload would see nothing.
  volumeMounts:
    - name: jwtgate-config
      mountPath: /etc/jwtgate
      readOnly: true
    {{- if .Values.tls.enabled }}
    - name: jwtgate-tls
      mountPath: /etc/jwtgate-tls
      readOnly: true
    {{- end }}
    {{- range $index, $name := .Values.secrets }}
    - name: jwtgate-secret-{{ $index }}
      mountPath: /etc/jwtgate-secrets/{{ $name }}
      readOnly: true
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* A native sidecar: started before the application, ended after it. Goes into initContainers. */}}
{{- define "jwtgate.sidecar" -}}
{{ include "jwtgate.container" . }}
  restartPolicy: Always
{{- end -}}

{{/* The volumes of the container above. As a sidecar, the pod's fsGroup is not ours: then the file mode must do. */}}
{{- define "jwtgate.volumes" -}}
{{- $mode := ternary "0444" "0440" (eq .Values.mode "sidecar") -}}
- name: jwtgate-config
  configMap:
    name: {{ include "jwtgate.configMapName" . }}
{{- if .Values.tls.enabled }}
- name: jwtgate-tls
  secret:
    secretName: {{ include "jwtgate.tlsSecretName" . }}
    defaultMode: {{ $mode }}
{{- end }}
{{- range $index, $name := .Values.secrets }}
- name: jwtgate-secret-{{ $index }}
  secret:
    secretName: {{ $name }}
    defaultMode: {{ $mode }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
