{{- /* One agent per node is all there can be, so names are fixed: a second release fails instead of fighting the first. */ -}}

{{- define "portcullis.selectorLabels" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/component: agent
{{- end -}}

{{- define "portcullis.labels" -}}
{{ include "portcullis.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "portcullis.cniPluginLabels" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/component: cni-plugin
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "portcullis.controllerLabels" -}}
app.kubernetes.io/name: portcullis
app.kubernetes.io/component: controller
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "portcullis.image" -}}
{{- $repository := .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" $repository .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- /* What the agent listens on; empty where that is its own default. */ -}}
{{- define "portcullis.listen" -}}
{{- $port := int .Values.metrics.port -}}
{{- if .Values.metrics.onNodeIP -}}
{{ printf "[$(PORTCULLIS_NODE_IP)]:%d" $port }}
{{- else if ne $port 9577 -}}
{{ printf "127.0.0.1:%d" $port }}
{{- end -}}
{{- end -}}

{{- /* Which pods get the condition. Without the setting, nothing may write it. */ -}}
{{- define "portcullis.podCondition" -}}
{{ .Values.agent.podCondition | default "off" }}
{{- end -}}
