{{- define "remit.fullname" -}}
{{- if contains "remit" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-remit" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "remit.selector" -}}
app.kubernetes.io/name: remit
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "remit.labels" -}}
{{ include "remit.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "remit.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Name of an origin: https://remit.example.com:8443 is remit.example.com. */}}
{{- define "remit.host" -}}
{{- (urlParse .).hostname -}}
{{- end }}

{{/* Environment of the server and of the migration. Everything secret comes from Secrets that exist. */}}
{{- define "remit.environment" -}}
- name: REMIT_ISSUER
  value: {{ .Values.issuer | quote }}
- name: REMIT_GATEWAY
  value: {{ .Values.gateway | quote }}
- name: REMIT_TRUSTED_PROXIES
  value: {{ join "," .Values.trustedProxies | quote }}
- name: REMIT_DATABASE_REPLICATION
  value: {{ .Values.databaseReplication | quote }}
- name: REMIT_IDP_ISSUER
  value: {{ .Values.identityProvider.issuer | quote }}
- name: REMIT_IDP_CLIENT_ID
  value: {{ .Values.identityProvider.clientId | quote }}
{{- with .Values.secret }}
- name: REMIT_IDP_CLIENT_SECRET
  valueFrom: { secretKeyRef: { name: {{ .name | quote }}, key: {{ .clientSecret | quote }} } }
- name: REMIT_MASTER_KEY
  valueFrom: { secretKeyRef: { name: {{ .name | quote }}, key: {{ .masterKey | quote }} } }
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ .name | quote }}, key: {{ .databaseUrl | quote }} } }
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- range $name, $from := .Values.secretSettings }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $from.name | quote }}, key: {{ $from.key | quote }} } }
{{- end }}
{{- end }}

{{/* Peers of a NetworkPolicy, and what is said where there are none. Kubernetes takes an empty list for everybody. */}}
{{- define "remit.peers" -}}
{{- if not (first .) }}{{ fail (last .) }}{{ end }}
{{- toYaml (first .) }}
{{- end }}

{{/* A pod that needs nothing of its node and of Kubernetes. */}}
{{- define "remit.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "remit.container" -}}
image: {{ include "remit.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
  {{- with .Values.volumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "remit.volumes" -}}
- name: data
  emptyDir: { sizeLimit: {{ .Values.dataSize }} }
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
