package main

import (
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOptionsThatCannotBeAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"--cni-deadline=10ms"}, {"--cni-deadline=3m"}, {"--cni-deadline=soon"}, {"--socket=run/s"}, {"now"}, {"--nothing"},
	} {
		if _, err := parseInstall(args, io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestTheCommandThatTakesItOutIsTheNodesOwn(t *testing.T) {
	i, err := parseInstall([]string{"--conf-dir=/host/net.d", "--bin-dir=/host/bin", "--host-conf-dir=/etc/cni/net.d", "--host-bin-dir=/usr/lib/cni"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/usr/lib/cni/portcullis uninstall --bin-dir=/usr/lib/cni"; i.settings.Uninstall != want {
		t.Errorf("%q, not %q", i.settings.Uninstall, want)
	}
}

func TestTheInstallerKeepsItInstalledUntilItIsEnded(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1})
	bin := t.TempDir()
	i, err := parseInstall([]string{"--conf-dir=" + f.path, "--bin-dir=" + bin, "--exempt-namespaces=a,,b"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(i.settings.ExemptNamespaces, []string{"a", "b"}) {
		t.Errorf("%q", i.settings.ExemptNamespaces)
	}
	signals := make(chan os.Signal)
	ended := make(chan error)
	go func() { ended <- i.run(slog.New(slog.DiscardHandler), signals) }()
	until := func(what string, isSo func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !isSo(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %s", what)
			}
		}
	}
	holds := func(kind string) func() bool {
		return func() bool {
			name, types := taken(t, f)
			return name == "10-n-portcullis.conflist" && slices.Equal(types, []string{kind, "portcullis"})
		}
	}
	until("installed", holds("one"))
	if _, err := os.Stat(filepath.Join(bin, "portcullis")); err != nil {
		t.Error(err)
	}
	put(t, f, "10-n.conflist", list2)
	until("a rewrite takes effect", holds("two"))
	os.Remove(filepath.Join(f.path, "10-n-portcullis.conflist"))
	until("it is added again", holds("two"))
	os.Remove(filepath.Join(bin, "portcullis"))
	put(t, f, "20-other.conf", "{}")
	until("the program is there again", func() bool {
		_, err := os.Stat(filepath.Join(bin, "portcullis"))
		return err == nil
	})
	signals <- os.Interrupt
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	names, _ := namesIn(f.path)
	for _, name := range names {
		if strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s is left", name)
		}
	}
	if !holds("two")() {
		t.Error("the end of the installer took the plugin out")
	}
}

func TestOnlyADaemonSetThatGoesTakesThePluginWithIt(t *testing.T) {
	for name, each := range map[string]struct {
		status    int
		body      string
		isRemoved bool
		fails     bool
	}{
		"it is there":               {200, `{"metadata":{"name":"d"}}`, false, false},
		"it is being deleted":       {200, `{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}`, true, false},
		"it is gone":                {404, `{}`, true, false},
		"the account is gone":       {401, `{}`, true, false},
		"the role is gone":          {403, `{}`, true, false},
		"the server is in trouble":  {500, `{}`, false, true},
		"the server talks nonsense": {200, `<html>`, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, asked *http.Request) {
				if asked.URL.Path != "/apis/apps/v1/namespaces/n/daemonsets/d" || asked.Header.Get("Authorization") != "Bearer t" {
					t.Errorf("%s %s", asked.URL, asked.Header)
				}
				out.WriteHeader(each.status)
				io.WriteString(out, each.body)
			}))
			defer server.Close()
			account := t.TempDir()
			authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
			os.WriteFile(filepath.Join(account, "ca.crt"), authority, 0o600)
			os.WriteFile(filepath.Join(account, "token"), []byte("t"), 0o600)
			removed, err := isRemoved(server.URL, account, "n", "d")
			if removed != each.isRemoved || (err != nil) != each.fails {
				t.Errorf("%v, %v", removed, err)
			}
		})
	}
}
