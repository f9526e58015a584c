package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const testEntry = `{"type":"portcullis","socket":"/run/portcullis/cni.sock"}`

// Configurations as network plugins leave them on nodes; the types of their plugins in order.
var samples = map[string]struct {
	file, text string
	types      []string
}{
	"kindnet": {"10-kindnet.conflist", `
{
	"cniVersion": "0.3.1",
	"name": "kindnet",
	"plugins": [
	{
		"type": "ptp",
		"ipMasq": false,
		"ipam": {
			"type": "host-local",
			"dataDir": "/run/cni-ipam-state",
			"routes": [{ "dst": "0.0.0.0/0" }],
			"ranges": [[ { "subnet": "10.244.1.0/24" } ]]
		},
		"mtu": 1500
	},
	{ "type": "portmap", "capabilities": { "portMappings": true } }
	]
}
`, []string{"ptp", "portmap", "portcullis"}},
	"flannel": {"10-flannel.conflist", `{"name":"cbr0","cniVersion":"0.3.1","plugins":[{"type":"flannel","delegate":{"hairpinMode":true,"isDefaultGateway":true}},{"type":"portmap","capabilities":{"portMappings":true}}]}`,
		[]string{"flannel", "portmap", "portcullis"}},
	"a bridge by itself": {"10-bridge.conf", `{ "cniVersion": "0.4.0", "name": "br", "type": "bridge", "bridge": "cni0", "ipam": {"type": "host-local"} }`,
		[]string{"bridge", "portcullis"}},
	"ptp as .json": {"20-ptp.json", "{\"cniVersion\":\"1.0.0\",\"name\":\"p\",\"type\":\"ptp\"}\n", []string{"ptp", "portcullis"}},
	"one like Calico's": {"10-calico.conflist", `{
  "name": "k8s-pod-network",
  "cniVersion": "0.3.1",
  "plugins": [
    {"type": "calico", "log_level": "info", "datastore_type": "kubernetes", "mtu": 0, "ipam": {"type": "calico-ipam"},
     "policy": {"type": "k8s"}, "kubernetes": {"kubeconfig": "/etc/cni/net.d/calico-kubeconfig"}},
    {"type": "bandwidth", "capabilities": {"bandwidth": true}}
  ],
  "plugins-of-others": ["]"]
}`, []string{"calico", "bandwidth", "portcullis"}},
	"odd text":      {"1.conflist", "{\"plugins\":[{\"type\":\"a ] \\\" b\",\"é\":[[]]}\n\t ] , \"name\":\"x\\u003c\",\"cniVersion\":\"1.1.0\"}", []string{"a ] \" b", "portcullis"}},
	"plugins twice": {"2.conflist", `{"cniVersion":"1.0.0","plugins":[{"type":"a"}],"name":"x","plugins":[{"type":"b"}]}`, []string{"b", "portcullis"}},
}

func typesOf(t *testing.T, text []byte) []string {
	var list struct {
		Plugins []struct {
			Type string `json:"type"`
		} `json:"plugins"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	types := []string{}
	for _, plugin := range list.Plugins {
		types = append(types, plugin.Type)
	}
	return types
}

func TestTheListHasThePluginBehindAllOthers(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			list, err := chained(sample.file, []byte(sample.text), []byte(testEntry))
			if err != nil {
				t.Fatal(err)
			}
			if got := typesOf(t, list); !slices.Equal(got, sample.types) {
				t.Errorf("types are %q, not %q", got, sample.types)
			}
		})
	}
}

func TestEverythingElseStaysByteForByte(t *testing.T) {
	for name, sample := range samples {
		t.Run(name, func(t *testing.T) {
			list, err := chained(sample.file, []byte(sample.text), []byte(testEntry))
			if err != nil {
				t.Fatal(err)
			}
			added := ",\n    " + testEntry + "\n  "
			if strings.HasSuffix(sample.file, ".conflist") {
				if got := strings.Replace(string(list), added, "", 1); got != sample.text {
					t.Errorf("became %s", got)
				}
			} else if !strings.Contains(string(list), strings.TrimSpace(sample.text)) {
				t.Errorf("the plugin's own words are not in %s", list)
			}
		})
	}
}

func TestASinglePluginKeepsNameAndVersion(t *testing.T) {
	list, err := chained("10-bridge.conf", []byte(samples["a bridge by itself"].text), []byte(testEntry))
	if err != nil {
		t.Fatal(err)
	}
	var head struct{ Name, CNIVersion string }
	if err := json.Unmarshal(list, &head); err != nil || head.Name != "br" || head.CNIVersion != "0.4.0" {
		t.Errorf("%+v, %v", head, err)
	}
}

func TestWhatCannotBeChainedIsRefusedWithTheReason(t *testing.T) {
	cases := map[string]struct{ file, text, reason string }{
		"no JSON":             {"a.conflist", `{"cniVersion": "1.0.0", "plugins": [`, "no valid JSON"},
		"nothing":             {"a.conflist", ``, "no valid JSON"},
		"more than one value": {"a.conflist", `{"cniVersion":"1.0.0","plugins":[{"type":"a"}]} {}`, "no valid JSON"},
		"no object":           {"a.conflist", `[]`, "cannot unmarshal"},
		"no plugins":          {"a.conflist", `{"cniVersion":"1.0.0","plugins":[]}`, "plugins is no list"},
		"plugins of no list":  {"a.conflist", `{"cniVersion":"1.0.0","plugins":{"type":"a"}}`, "plugins is no list"},
		"a plugin untyped":    {"a.conflist", `{"cniVersion":"1.0.0","plugins":[{"type":"a"},{}]}`, "plugins[1].type is missing"},
		"an old version":      {"a.conflist", `{"cniVersion":"0.2.0","plugins":[{"type":"a"}]}`, `cniVersion "0.2.0" is older`},
		"no version":          {"a.conf", `{"type":"a"}`, `cniVersion "" is older`},
		"a type of nothing":   {"a.conf", `{"cniVersion":"1.0.0","name":"x"}`, "type is missing"},
		"chained by hand":     {"a.conflist", `{"cniVersion":"1.0.0","plugins":[{"type":"a"},{"type":"portcullis"}]}`, "plugins[1] is portcullis already"},
		"the plugin alone":    {"a.conf", `{"cniVersion":"1.0.0","type":"portcullis"}`, "goes behind another"},
	}
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := chained(each.file, []byte(each.text), []byte(testEntry))
			if err == nil || !strings.Contains(err.Error(), each.reason) {
				t.Errorf("%v, not %s", err, each.reason)
			}
		})
	}
}

func TestOurFileComesRightBeforeTheOneThatARuntimeWouldTake(t *testing.T) {
	for _, names := range [][]string{
		{"10-kindnet.conflist", "99-loopback.conf", "100-crio-bridge.conflist"},
		{"00-multus.conf", "10-flannel.conflist"},
		{"a.conf", "a.conflist", "a.json", "a-b.conf"},
		{"-.conf", "0.json", "~.conflist"},
		{"10-net.conflist", "calico-kubeconfig", "10-net.conflist.bak", "readme.txt", ".hidden"},
	} {
		first := candidates(names)[0]
		sorted := slices.Sorted(slices.Values(append(candidates(names), ownName(first))))
		if sorted[0] != ownName(first) || sorted[1] != first {
			t.Errorf("of %q the order is %q", names, sorted)
		}
	}
}
