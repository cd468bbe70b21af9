{{- define "tg-parser.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{/* What selects the pods of a component; it never changes. Call with (list $ "api"). */}}
{{- define "tg-parser.selector" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end }}

{{- define "tg-parser.labels" -}}
{{- $root := first . -}}
{{ include "tg-parser.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{- define "tg-parser.secret" -}}
{{- if .Values.secrets.create }}{{ include "tg-parser.fullname" . }}{{ else }}{{ .Values.secrets.existingSecret }}{{ end }}
{{- end }}

{{- define "tg-parser.claim" -}}
{{- .Values.storage.existingClaim | default (printf "%s-data" (include "tg-parser.fullname" .)) }}
{{- end }}

{{/* Whole numbers are floats here, and large ones would be written as 1e+07. */}}
{{- define "tg-parser.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- end }}

{{- define "tg-parser.env" -}}
{{- $own := dict "TG_PARSER_HOME" "/data" "DB_TYPE" "postgresql" "API_HOST" "0.0.0.0" "API_PORT" 8000 "API_KEY_REQUIRED" true "METRICS_ENABLED" true }}
{{- with .Values.database }}
{{- $_ := merge $own (dict "DB_HOST" .host "DB_PORT" .port "DB_NAME" .name "DB_USER" .user) }}
{{- end }}
{{- range $name, $value := merge $own .Values.settings }}
- name: {{ $name }}
  value: {{ include "tg-parser.text" $value | quote }}
{{- end }}
{{- end }}

{{/* All of a container but its probes; call with (list $ (list "db" "upgrade") secret resources). */}}
{{- define "tg-parser.container" -}}
{{- $root := first . -}}
{{- $secret := index . 2 -}}
image: {{ printf "%s:%s" $root.Values.image.repository ($root.Values.image.tag | default $root.Chart.AppVersion) | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
args: {{ index . 1 | toJson }}
env:
  {{- include "tg-parser.env" $root | trim | nindent 2 }}
  {{- if $root.Values.redis.enabled }}
  # Named, so that no pod starts without it.
  - name: REDIS_URL
    valueFrom: {secretKeyRef: {name: {{ $secret }}, key: REDIS_URL}}
  {{- end }}
envFrom:
  - secretRef: {name: {{ $secret }}}
resources:
  {{- last . | toYaml | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: data, mountPath: /data}
  - {name: tmp, mountPath: /tmp}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* What all pods share; call with (list $ volume-of-/data). */}}
{{- define "tg-parser.pod" -}}
{{- $root := first . -}}
automountServiceAccountToken: false
# Variables of other services, such as API_PORT=tcp://…, would be taken for settings.
enableServiceLinks: false
# So the program is not process 1, which the system does not end where it handles no signal itself.
shareProcessNamespace: true
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: data
    {{- last . | toYaml | nindent 4 }}
  - name: tmp
    emptyDir: {}
  {{- with $root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "tg-parser.claimed" -}}
persistentVolumeClaim: {claimName: {{ include "tg-parser.claim" . }}}
{{- end }}

{{/* A change of the secret that the chart makes restarts the pods; changed settings do it by themselves. */}}
{{- define "tg-parser.checksum" -}}
{{- if .Values.secrets.create }}
checksum/secret: {{ .Values.secrets.values | toJson | sha256sum }}
{{- end }}
{{- end }}
