package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const prevResult = `{"cniVersion":"1.0.0", "interfaces":[{"name":"veth1"},{"name":"eth0","sandbox":"/ns"}],
  "ips":[{"address":"10.0.0.5/24","interface":1}], "unknown": [1, 2.50]}`

func confText(socket, more string) string {
	return `{"cniVersion":"1.0.0","name":"n","type":"portcullis","socket":"` + socket + `"` + more + `}`
}

func environment(command, namespace string) map[string]string {
	return map[string]string{
		"CNI_COMMAND":     command,
		"CNI_CONTAINERID": "c1",
		"CNI_NETNS":       "/ns",
		"CNI_IFNAME":      "eth0",
		"CNI_ARGS":        "IgnoreUnknown=1;K8S_POD_NAMESPACE=" + namespace + ";K8S_POD_NAME=p;K8S_POD_UID=u1",
	}
}

func runWith(env map[string]string, conf string) (int, string) {
	var out bytes.Buffer
	code := run(nil, func(name string) string { return env[name] }, strings.NewReader(conf), &out, &out)
	return code, out.String()
}

// agent answers each request on a socket of its own with the same line; "" hangs up.
func agent(t *testing.T, line string) (string, chan request) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	requests := make(chan request, 100)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			text, _ := bufio.NewReader(connection).ReadBytes('\n')
			var asked request
			if json.Unmarshal(text, &asked) == nil {
				requests <- asked
			}
			if line != "" {
				connection.Write([]byte(line + "\n"))
			}
			connection.Close()
		}
	}()
	return path, requests
}

func TestADDTellsTheAgentAndPassesTheResultOnUnchanged(t *testing.T) {
	socket, requests := agent(t, `{"ok":true}`)
	code, out := runWith(environment("ADD", "ns"), confText(socket, `,"prevResult":`+prevResult))
	if code != 0 || out != prevResult+"\n" {
		t.Errorf("%d: %s", code, out)
	}
	asked := <-requests
	if asked.Command != "add" || asked.ContainerID != "c1" || asked.Netns != "/ns" || asked.Interface != "eth0" {
		t.Errorf("%+v", asked)
	}
	if valueOf(asked.Args, "K8S_POD_UID") != "u1" || !json.Valid(asked.Result) || asked.DeadlineMs > defaultDeadline.Milliseconds() {
		t.Errorf("%+v", asked)
	}
}

func failureOf(t *testing.T, out string) cniError {
	t.Helper()
	var failure cniError
	if err := json.Unmarshal([]byte(out), &failure); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return failure
}

func TestADDFailsWithAdviceWhereNoAgentAnswersInTime(t *testing.T) {
	hangsUp, _ := agent(t, "")
	for name, socket := range map[string]string{"no socket": "/nonexistent/s", "an agent that hangs up": hangsUp} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			code, out := runWith(environment("ADD", "ns"), confText(socket, `,"deadline":"300ms","uninstall":"/b/portcullis uninstall","prevResult":`+prevResult))
			if took := time.Since(began); took < 200*time.Millisecond || took > 5*time.Second {
				t.Errorf("after %v", took)
			}
			failure := failureOf(t, out)
			if code != 1 || failure.Code != codeTryAgainLater || !strings.Contains(failure.Msg, "ns/p") || failure.CNIVersion != "1.0.0" {
				t.Errorf("%d: %+v", code, failure)
			}
			if !strings.Contains(failure.Details, "/b/portcullis uninstall") {
				t.Errorf("no command in %q", failure.Details)
			}
		})
	}
}

func TestADDFailsWithTheAgentsOwnReason(t *testing.T) {
	socket, _ := agent(t, `{"ok":false,"reason":"the API server was not reached yet"}`)
	code, out := runWith(environment("ADD", "ns"), confText(socket, `,"prevResult":`+prevResult))
	if code != 1 || !strings.Contains(failureOf(t, out).Msg, "the API server was not reached yet") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestADDWaitsForAnAgentThatComes(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	go func() {
		time.Sleep(150 * time.Millisecond)
		listener, err := net.Listen("unix", socket)
		if err != nil {
			return
		}
		connection, _ := listener.Accept()
		bufio.NewReader(connection).ReadBytes('\n')
		connection.Write([]byte("{\"ok\":true}\n"))
	}()
	if code, out := runWith(environment("ADD", "ns"), confText(socket, `,"prevResult":`+prevResult)); code != 0 {
		t.Error(out)
	}
}

func TestPodsOfExemptNamespacesAndContainersOfNoPodStartWithoutAnAgent(t *testing.T) {
	conf := confText("/nonexistent/s", `,"exemptNamespaces":["kube-system"],"prevResult":`+prevResult)
	began := time.Now()
	if code, out := runWith(environment("ADD", "kube-system"), conf); code != 0 || out != prevResult+"\n" {
		t.Errorf("exempt: %d: %s", code, out)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("after %v", took)
	}
	noPod := environment("ADD", "ns")
	noPod["CNI_ARGS"] = "IgnoreUnknown=1"
	if code, out := runWith(noPod, conf); code != 0 {
		t.Errorf("no pod: %s", out)
	}
	if code, _ := runWith(environment("ADD", "kube-system-not"), confText("/nonexistent/s", `,"deadline":"100ms","exemptNamespaces":["kube-system"],"prevResult":`+prevResult)); code != 1 {
		t.Error("a namespace of another name is exempt")
	}
}

func TestADDWithoutWhatItNeedsSaysWhatIsMissing(t *testing.T) {
	for name, each := range map[string]struct {
		conf string
		code int
		word string
	}{
		"no result":        {confText("/s", ""), codeBadConfig, "prevResult is missing"},
		"an empty result":  {confText("/s", `,"prevResult":null`), codeBadConfig, "prevResult is missing"},
		"a wrong deadline": {confText("/s", `,"deadline":"soon","prevResult":{}`), codeBadConfig, `"soon"`},
		"no JSON":          {"{", codeBadInput, "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out := runWith(environment("ADD", "ns"), each.conf)
			failure := failureOf(t, out)
			if code != 1 || failure.Code != each.code || !strings.Contains(failure.Msg, each.word) {
				t.Errorf("%d: %+v", code, failure)
			}
		})
	}
}

func TestDELTellsTheAgentAndNeverFails(t *testing.T) {
	socket, requests := agent(t, `{"ok":true}`)
	for _, each := range []string{socket, "/nonexistent/s"} {
		began := time.Now()
		if code, out := runWith(environment("DEL", "ns"), confText(each, "")); code != 0 || out != "" {
			t.Errorf("%d: %s", code, out)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("after %v", took)
		}
	}
	if asked := <-requests; asked.Command != "del" || asked.ContainerID != "c1" {
		t.Errorf("%+v", asked)
	}
}

func TestOtherCommands(t *testing.T) {
	for _, command := range []string{"CHECK", "STATUS", "GC"} {
		if code, out := runWith(map[string]string{"CNI_COMMAND": command}, confText("/nonexistent/s", "")); code != 0 || out != "" {
			t.Errorf("%s: %d: %s", command, code, out)
		}
	}
	code, out := runWith(map[string]string{"CNI_COMMAND": "VERSION"}, `{"cniVersion":"0.4.0"}`)
	if code != 0 || !strings.Contains(out, `"cniVersion":"0.4.0"`) || !strings.Contains(out, `"1.1.0"`) {
		t.Errorf("VERSION: %d: %s", code, out)
	}
	if code, out := runWith(map[string]string{"CNI_COMMAND": "MAKE"}, confText("/s", "")); code != 1 || !strings.Contains(out, "MAKE") {
		t.Errorf("MAKE: %d: %s", code, out)
	}
}
