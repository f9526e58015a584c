package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A runtime reads its folder again when something changes there. Until it has, it still starts the program.
const runtimeNotices = 2 * time.Second

func runUninstall(args []string, output io.Writer) int {
	var at places
	flags := flag.NewFlagSet("portcullis uninstall", flag.ContinueOnError)
	flags.SetOutput(output)
	at.declare(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	told, err := at.uninstall(runtimeNotices)
	for _, line := range told {
		fmt.Fprintln(output, line)
	}
	if err != nil {
		fmt.Fprintf(output, "portcullis uninstall: %v\n", err)
		return 1
	}
	return 0
}

// uninstall takes the plugin out of the configuration first, and its program away once no runtime starts it any more.
func (p *places) uninstall(pause time.Duration) (told []string, err error) {
	removed, err := clear(p.confDir)
	for _, name := range removed {
		told = append(told, "removed "+filepath.Join(p.confDir, name))
	}
	if err != nil {
		return told, err
	}
	program := filepath.Join(p.binDir, pluginType)
	if _, err := os.Stat(program); errors.Is(err, fs.ErrNotExist) {
		return told, nil
	}
	if caller := callerByNotes(p.confDir); caller != "" {
		return append(told, fmt.Sprintf("%s stays: %s removes pods by the configuration that they were started with, and "+
			"calls it for pods that run. Delete it once they are gone", program, caller)), nil
	}
	if len(removed) > 0 {
		time.Sleep(pause)
	}
	if err := remove(program); err != nil {
		return told, err
	}
	return append(told, "removed "+program), nil
}

// callerByNotes returns the name of what removes a pod by the configuration that its network was made with, and not by the one
// in force. Without the program such a pod could not be removed. It is recognized by its files.
func callerByNotes(confDir string) string {
	names, _ := namesIn(confDir)
	for _, name := range names {
		for _, caller := range []string{"crio", "multus"} {
			if strings.Contains(name, caller) {
				return caller
			}
		}
	}
	return ""
}
