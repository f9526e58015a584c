package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Error codes of the CNI specification, section "Error".
const (
	codeMissingVariable = 4
	codeBadInput        = 6
	codeBadConfig       = 7
	codeTryAgainLater   = 11
)

// What the plugin takes; VERSION tells it. A list older than 0.3.0 hands no result on.
var supportedVersions = []string{"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}

// What CNI 1.0.0 fixes for errors that occur before the configuration's version is known.
const fallbackVersion = "1.0.0"

const (
	defaultSocket   = "/run/portcullis/cni.sock"
	defaultDeadline = 20 * time.Second
	// A pod of an exempt namespace waits no longer: the agent may be waiting for it.
	exemptWait = time.Second
	// Removing a pod never waits for the agent.
	removeWait = 300 * time.Millisecond
)

// netConf is the plugin's entry of the network configuration, as the runtime hands it over.
type netConf struct {
	CNIVersion       string          `json:"cniVersion"`
	Name             string          `json:"name"`
	Socket           string          `json:"socket"`
	Deadline         string          `json:"deadline"`
	ExemptNamespaces []string        `json:"exemptNamespaces"`
	Uninstall        string          `json:"uninstall"`
	PrevResult       json.RawMessage `json:"prevResult"`
}

// cniError is what a plugin prints where it fails.
type cniError struct {
	CNIVersion string `json:"cniVersion"`
	Code       int    `json:"code"`
	Msg        string `json:"msg"`
	Details    string `json:"details,omitempty"`
}

func runPlugin(env func(string) string, in io.Reader, out io.Writer) int {
	version, failure := call(env, in, out)
	if failure == nil {
		return 0
	}
	failure.CNIVersion = version
	text, _ := json.Marshal(failure)
	fmt.Fprintf(out, "%s\n", text)
	return 1
}

// call does what CNI_COMMAND says. It returns the version of the configuration, which an error must have.
func call(env func(string) string, in io.Reader, out io.Writer) (string, *cniError) {
	command := env("CNI_COMMAND")
	input, err := io.ReadAll(in)
	if err != nil {
		return fallbackVersion, &cniError{Code: codeBadInput, Msg: "the network configuration cannot be read", Details: err.Error()}
	}
	if command == "VERSION" {
		return tellVersions(input, out)
	}
	var conf netConf
	if err := json.Unmarshal(input, &conf); err != nil {
		return fallbackVersion, &cniError{Code: codeBadInput, Msg: "the network configuration is no JSON of its kind", Details: err.Error()}
	}
	version := conf.CNIVersion
	if version == "" {
		version = fallbackVersion
	}
	switch command {
	case "ADD":
		return version, add(env, conf, out)
	case "DEL":
		del(env, conf)
		return version, nil
	case "CHECK", "STATUS", "GC":
		// A pod is checked by the agent all the time; what it has no pod for it forgets by itself.
		return version, nil
	}
	return version, &cniError{Code: codeMissingVariable, Msg: fmt.Sprintf("CNI_COMMAND=%s is not known", command)}
}

func tellVersions(input []byte, out io.Writer) (string, *cniError) {
	var asked struct {
		CNIVersion string `json:"cniVersion"`
	}
	// Nothing or anything may stand there: a runtime asks before it knows what the plugin takes.
	_ = json.Unmarshal(input, &asked)
	version := asked.CNIVersion
	if version == "" {
		version = fallbackVersion
	}
	text, _ := json.Marshal(map[string]any{"cniVersion": version, "supportedVersions": supportedVersions})
	fmt.Fprintf(out, "%s\n", text)
	return version, nil
}

// add returns once the agent has the pod's policies in the kernel, and fails where that is not so in time.
func add(env func(string) string, conf netConf, out io.Writer) *cniError {
	deadline, failure := conf.check()
	if failure != nil {
		return failure
	}
	args := parseArgs(env("CNI_ARGS"))
	namespace, uid := valueOf(args, "K8S_POD_NAMESPACE"), valueOf(args, "K8S_POD_UID")
	// What is no pod of a kubelet has no policies.
	if uid != "" {
		isExempt := slices.Contains(conf.ExemptNamespaces, namespace)
		if isExempt {
			deadline = min(deadline, exemptWait)
		}
		err := ask(conf.socket(), request{
			Command:     "add",
			ContainerID: env("CNI_CONTAINERID"),
			Netns:       env("CNI_NETNS"),
			Interface:   env("CNI_IFNAME"),
			Args:        args,
			Result:      conf.PrevResult,
			DeadlineMs:  deadline.Milliseconds(),
		}, deadline)
		if err != nil && !isExempt {
			return &cniError{
				Code:    codeTryAgainLater,
				Msg:     fmt.Sprintf("portcullis: the policies of pod %s/%s are not in force: %v", namespace, valueOf(args, "K8S_POD_NAME"), err),
				Details: conf.advice(),
			}
		}
	}
	if _, err := out.Write(append(conf.PrevResult, '\n')); err != nil {
		return &cniError{Code: codeBadInput, Msg: "the result cannot be written", Details: err.Error()}
	}
	return nil
}

func del(env func(string) string, conf netConf) {
	args := parseArgs(env("CNI_ARGS"))
	// An agent that does not receive it notices that the interface is gone.
	_ = ask(conf.socket(), request{
		Command:     "del",
		ContainerID: env("CNI_CONTAINERID"),
		Interface:   env("CNI_IFNAME"),
		Args:        args,
		DeadlineMs:  removeWait.Milliseconds(),
	}, -removeWait)
}

func (conf netConf) check() (time.Duration, *cniError) {
	if len(conf.PrevResult) == 0 || string(conf.PrevResult) == "null" {
		return 0, &cniError{Code: codeBadConfig, Msg: "prevResult is missing: portcullis goes behind the plugin that makes the interface, in a list of CNI 0.3.0 or newer"}
	}
	if conf.Deadline == "" {
		return defaultDeadline, nil
	}
	deadline, err := time.ParseDuration(conf.Deadline)
	if err != nil || deadline <= 0 {
		return 0, &cniError{Code: codeBadConfig, Msg: fmt.Sprintf("deadline %q is no duration such as 20s", conf.Deadline)}
	}
	return deadline, nil
}

func (conf netConf) socket() string {
	if conf.Socket == "" {
		return defaultSocket
	}
	return conf.Socket
}

// advice says what a person has to do who reads the error in an Event of the pod.
func (conf netConf) advice() string {
	uninstall := conf.Uninstall
	if uninstall == "" {
		uninstall = "portcullis uninstall, in the folder of the node's CNI plugins"
	}
	return "the kubelet tries again. See that the agent runs on this node (kubectl -n kube-system get pods -o wide -l " +
		"app.kubernetes.io/name=portcullis). If it is not to run here any more, take the plugin out, as root on the node: " + uninstall
}

// parseArgs reads CNI_ARGS: pairs NAME=VALUE, with semicolons between them.
func parseArgs(text string) [][2]string {
	pairs := [][2]string{}
	for pair := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			pairs = append(pairs, [2]string{name, value})
		}
	}
	return pairs
}

func valueOf(pairs [][2]string, name string) string {
	for _, pair := range pairs {
		if pair[0] == name {
			return pair[1]
		}
	}
	return ""
}
