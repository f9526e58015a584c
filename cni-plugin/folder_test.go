package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var start = time.Unix(1_000_000, 0)

func newFolder(t *testing.T, files map[string]string) *folder {
	f := &folder{path: t.TempDir(), entry: []byte(testEntry)}
	for name, text := range files {
		put(t, f, name, text)
	}
	return f
}

func put(t *testing.T, f *folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.path, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keep(t *testing.T, f *folder, after time.Duration) state {
	t.Helper()
	now, err := f.keep(start.Add(after))
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// taken returns the file that a runtime would take, and the types of its plugins.
func taken(t *testing.T, f *folder) (string, []string) {
	t.Helper()
	names, err := namesIn(f.path)
	if err != nil {
		t.Fatal(err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(configExtensions, filepath.Ext(name)) })
	if len(names) == 0 {
		return "", nil
	}
	text, err := os.ReadFile(filepath.Join(f.path, names[0]))
	if errors.Is(err, fs.ErrNotExist) {
		// Another goroutine removed it after the listing.
		return taken(t, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(names[0]) != ".conflist" {
		return names[0], nil
	}
	return names[0], typesOf(t, text)
}

func expectTaken(t *testing.T, f *folder, name string, types ...string) {
	t.Helper()
	gotName, gotTypes := taken(t, f)
	if gotName != name || !slices.Equal(gotTypes, types) {
		t.Errorf("a runtime takes %s with %q, not %s with %q", gotName, gotTypes, name, types)
	}
}

const list1 = `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"one"}]}`
const list2 = `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"two"}]}`

func TestARuntimeTakesTheFileWithThePluginAndThatOfOthersStaysAsItIs(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1, "20-other.conf": `{}`})
	if now := keep(t, f, 0); !now.changed || now.source != "10-n.conflist" {
		t.Errorf("%+v", now)
	}
	expectTaken(t, f, "10-n-portcullis.conflist", "one", "portcullis")
	if text, _ := os.ReadFile(filepath.Join(f.path, "10-n.conflist")); string(text) != list1 {
		t.Errorf("became %s", text)
	}
	if now := keep(t, f, time.Second); now.changed {
		t.Error("a second look changes something")
	}
}

func TestARewriteTakesEffectAndAtNoMomentIsThePluginMissing(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1})
	keep(t, f, 0)
	put(t, f, "10-n.conflist", list2)
	expectTaken(t, f, "10-n-portcullis.conflist", "one", "portcullis")
	keep(t, f, time.Second)
	expectTaken(t, f, "10-n-portcullis.conflist", "two", "portcullis")
}

func TestAFileThatIsGoneForAMomentOrHalfWrittenIsWaitedFor(t *testing.T) {
	for name, broken := range map[string]string{"gone": "", "half written": `{"cniVersion":"1.0.0","plug`} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t, map[string]string{"10-n.conflist": list1, "20-m.conflist": list2})
			keep(t, f, 0)
			if broken == "" {
				os.Remove(filepath.Join(f.path, "10-n.conflist"))
			} else {
				put(t, f, "10-n.conflist", broken)
			}
			keep(t, f, time.Second)
			expectTaken(t, f, "10-n-portcullis.conflist", "one", "portcullis")
			put(t, f, "10-n.conflist", list2)
			keep(t, f, 2*time.Second)
			expectTaken(t, f, "10-n-portcullis.conflist", "two", "portcullis")
		})
	}
}

func TestANetworkThatIsGoneForGoodIsFollowedByTheNext(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1, "20-m.conflist": list2})
	keep(t, f, 0)
	os.Remove(filepath.Join(f.path, "10-n.conflist"))
	keep(t, f, time.Second)
	keep(t, f, time.Second+rewriteTime)
	expectTaken(t, f, "20-m-portcullis.conflist", "two", "portcullis")
	os.Remove(filepath.Join(f.path, "20-m.conflist"))
	keep(t, f, 10*time.Second)
	keep(t, f, 10*time.Second+rewriteTime)
	// As without the plugin: a node without a network.
	expectTaken(t, f, "")
}

func TestAFileThatComesBeforeTheOthersIsTakenAtOnce(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1})
	keep(t, f, 0)
	put(t, f, "05-first.conf", `{"cniVersion":"0.4.0","name":"f","type":"first"}`)
	keep(t, f, time.Second)
	expectTaken(t, f, "05-first-portcullis.conflist", "first", "portcullis")
	names, _ := namesIn(f.path)
	if len(names) != 3 {
		t.Errorf("%q", names)
	}
}

func TestAFileThatNobodyCanReadIsPassedOverAndTold(t *testing.T) {
	f := newFolder(t, map[string]string{"05-broken.conflist": "{", "10-n.conflist": list1})
	now := keep(t, f, 0)
	if now.source != "10-n.conflist" || len(now.troubles) != 1 {
		t.Errorf("%+v", now)
	}
}

func TestAFileCanBeNamed(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1, "20-m.conflist": list2})
	f.only = "20-m.conflist"
	if now := keep(t, f, 0); now.source != "20-m.conflist" {
		t.Errorf("%+v", now)
	}
}

func TestUninstallingTakesTheConfigurationOutFirstAndThenTheProgram(t *testing.T) {
	f := newFolder(t, map[string]string{"10-n.conflist": list1})
	keep(t, f, 0)
	at := places{confDir: f.path, binDir: t.TempDir()}
	program := filepath.Join(at.binDir, pluginType)
	if err := copyProgram(program); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := at.uninstall(300 * time.Millisecond)
		done <- err
	}()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if name, _ := taken(t, f); name == "10-n.conflist" {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the configuration stays")
		}
	}
	if _, err := os.Stat(program); err != nil {
		t.Errorf("the program went first: %v", err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err == nil {
		t.Error("the program is still there")
	}
	if told, err := at.uninstall(0); err != nil || len(told) > 0 {
		t.Errorf("a second time: %q, %v", told, err)
	}
}

func TestTheProgramStaysWhereRunningPodsAreRemovedWithIt(t *testing.T) {
	for _, name := range []string{"100-crio-bridge.conflist", "00-multus.conf"} {
		f := newFolder(t, map[string]string{name: list1})
		at := places{confDir: f.path, binDir: t.TempDir()}
		program := filepath.Join(at.binDir, pluginType)
		if err := copyProgram(program); err != nil {
			t.Fatal(err)
		}
		if told, err := at.uninstall(0); err != nil || len(told) != 1 {
			t.Errorf("%q, %v", told, err)
		}
		if _, err := os.Stat(program); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
