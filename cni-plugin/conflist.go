package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What libcni looks for in the folder (libcni.ConfFiles, as containerd and CRI-O call it), in the order of names.
var configExtensions = []string{".conf", ".conflist", ".json"}

// pluginType names the plugin in a configuration, and its program in the folder of plugins.
const pluginType = "portcullis"

// ownEnding ends the name of the file that the installer writes. '-' sorts before '.', so it comes right before the file that it
// is made from, and before all that come after that one.
const ownEnding = "-portcullis.conflist"

func isOwn(name string) bool {
	return strings.HasSuffix(name, ownEnding)
}

// ownName returns the name of the installer's file for a file of others.
func ownName(source string) string {
	return strings.TrimSuffix(source, filepath.Ext(source)) + ownEnding
}

// candidates returns the files of others that a runtime would look at, in its order.
func candidates(names []string) []string {
	found := []string{}
	for _, name := range names {
		if !isOwn(name) && slices.Contains(configExtensions, filepath.Ext(name)) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// chained returns the list with the plugin behind all others. Of a list everything else stays as it is, byte for byte; a
// single plugin's configuration becomes a list of one, as runtimes read it (libcni.ConfListFromConf).
func chained(name string, text []byte, entry []byte) ([]byte, error) {
	if !json.Valid(text) {
		return nil, errors.New("no valid JSON")
	}
	// Exact names, as libcni reads a list; of a name that stands there twice the last counts.
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	version := textIn(fields["cniVersion"])
	if !handsResultsOn(version) {
		return nil, fmt.Errorf("cniVersion %q is older than 0.3.0: such a network cannot be chained", version)
	}
	if filepath.Ext(name) != ".conflist" {
		return listOf(text, version, textIn(fields["name"]), textIn(fields["type"]), entry)
	}
	var plugins []json.RawMessage
	if err := json.Unmarshal(fields["plugins"], &plugins); err != nil || len(plugins) == 0 {
		return nil, errors.New("plugins is no list with a plugin in it")
	}
	for at, plugin := range plugins {
		var each struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(plugin, &each); err != nil || each.Type == "" {
			return nil, fmt.Errorf("plugins[%d].type is missing", at)
		}
		if each.Type == pluginType {
			return nil, fmt.Errorf("plugins[%d] is %s already, and not by this installer", at, pluginType)
		}
	}
	end, err := endOfPlugins(text)
	if err != nil {
		return nil, err
	}
	return slices.Concat(text[:end], []byte(",\n    "), entry, []byte("\n  "), text[end:]), nil
}

func listOf(text []byte, version, name, plugin string, entry []byte) ([]byte, error) {
	if plugin == "" {
		return nil, errors.New("type is missing")
	}
	if plugin == pluginType {
		return nil, fmt.Errorf("type is %s: it goes behind another plugin", pluginType)
	}
	var list bytes.Buffer
	fmt.Fprintf(&list, "{\n  \"cniVersion\": %s,\n  \"name\": %s,\n  \"plugins\": [\n    ", quoted(version), quoted(name))
	list.Write(bytes.TrimSpace(text))
	fmt.Fprintf(&list, ",\n    %s\n  ]\n}\n", entry)
	return list.Bytes(), nil
}

// textIn returns "" for what is no text.
func textIn(value json.RawMessage) string {
	var text string
	_ = json.Unmarshal(value, &text)
	return text
}

func quoted(text string) []byte {
	quote, _ := json.Marshal(text)
	return quote
}

// endOfPlugins returns where the "]" of the list's own "plugins" stands, of the last where there are several.
func endOfPlugins(text []byte) (int, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return 0, err
	}
	end := -1
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return 0, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return 0, err
		}
		if key == "plugins" {
			end = int(decoder.InputOffset()) - 1
		}
	}
	if end < 0 || text[end] != ']' {
		return 0, errors.New("plugins is no list")
	}
	return end, nil
}

// handsResultsOn tells whether plugins of a list get the result of those before them (CNI 0.3.0).
func handsResultsOn(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	first, err := strconv.Atoi(major)
	if err != nil {
		return false
	}
	second, err := strconv.Atoi(minor)
	return err == nil && (first > 0 || second >= 3)
}

// entrySettings is what the installer writes into the plugin's entry.
type entrySettings struct {
	Type             string   `json:"type"`
	Socket           string   `json:"socket"`
	Deadline         string   `json:"deadline"`
	ExemptNamespaces []string `json:"exemptNamespaces"`
	// The command that takes the plugin out again, for whoever reads an error of it.
	Uninstall string `json:"uninstall"`
}
