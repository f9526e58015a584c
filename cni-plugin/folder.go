package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A file that is gone or cannot be read for less than this is being rewritten.
const rewriteTime = 5 * time.Second

// folder is the node's folder of network configurations, as the installer keeps it.
type folder struct {
	path string
	// The one file to chain to, for runtimes with a configured network; "" takes the first.
	only  string
	entry []byte
	// Since when the file that ours is made from is not usable; zero while it is.
	unusableSince time.Time
}

// state is what a look at the folder came to.
type state struct {
	// The file of others that ours is made from; "" where there is none.
	source string
	// Something was written or removed.
	changed bool
	// Files of others that no runtime can use with the plugin, and why.
	troubles []string
}

// keep brings the installer's file to what the file of others says that a runtime would take. Files of others are never touched,
// so whoever rewrites them takes nothing out.
func (f *folder) keep(now time.Time) (state, error) {
	names, err := namesIn(f.path)
	if err != nil {
		return state{}, err
	}
	source, text, troubles := f.choose(names)
	own := ownAmong(names)
	if f.isBeingRewritten(source, own, now) {
		return state{troubles: troubles}, nil
	}
	result := state{source: source, troubles: troubles}
	keep := ""
	if source != "" {
		keep = ownName(source)
		before, err := os.ReadFile(filepath.Join(f.path, keep))
		if err != nil || !bytes.Equal(before, text) {
			if err := writeFile(filepath.Join(f.path, keep), bytes.NewReader(text), 0o600); err != nil {
				return result, err
			}
			result.changed = true
		}
	}
	for _, name := range own {
		if name == keep {
			continue
		}
		if err := remove(filepath.Join(f.path, name)); err != nil {
			return result, err
		}
		result.changed = true
	}
	return result, nil
}

// choose finds the first file that can be used, and what stands in ours then. A file that cannot be read is passed over: containerd
// stops at it, with ours behind it or not, CRI-O goes on to the next.
func (f *folder) choose(names []string) (string, []byte, []string) {
	troubles := []string{}
	for _, name := range candidates(names) {
		if f.only != "" && name != f.only {
			continue
		}
		text, err := os.ReadFile(filepath.Join(f.path, name))
		if err == nil {
			text, err = chained(name, text, f.entry)
		}
		if err == nil {
			return name, text, troubles
		}
		troubles = append(troubles, fmt.Sprintf("%s: %v", name, err))
	}
	return "", nil, troubles
}

func (f *folder) isBeingRewritten(source string, own []string, now time.Time) bool {
	if len(own) == 0 || (source != "" && own[0] == ownName(source)) {
		f.unusableSince = time.Time{}
		return false
	}
	// A file that comes before the others is there to be taken at once.
	if source != "" && ownName(source) < own[0] {
		return false
	}
	if f.unusableSince.IsZero() {
		f.unusableSince = now
	}
	return now.Sub(f.unusableSince) < rewriteTime
}

// clear takes the plugin out of the folder.
func clear(path string) (removed []string, err error) {
	names, err := namesIn(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range ownAmong(names) {
		if err := remove(filepath.Join(path, name)); err != nil {
			return removed, err
		}
		removed = append(removed, name)
	}
	return removed, nil
}

func namesIn(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, entry := range entries {
		if !entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// ownAmong returns the installer's files, in the order of os.ReadDir, which is that of names.
func ownAmong(names []string) []string {
	own := []string{}
	for _, name := range names {
		if isOwn(name) {
			own = append(own, name)
		}
	}
	return own
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeFile puts a whole file in the place of another at once. Until then its name ends so that no runtime looks at it.
func writeFile(path string, from io.Reader, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))+"-*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if _, err := io.Copy(file, from); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
