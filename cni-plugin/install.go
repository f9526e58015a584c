package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	defaultConfDir = "/etc/cni/net.d"
	defaultBinDir  = "/opt/cni/bin"
	// For changes that the kernel does not report: an inotify queue that overflowed, a folder that cannot be watched.
	lookAgainAfter = 5 * time.Second
)

// places are the two folders of a node, as this process sees them and as the node does.
type places struct {
	confDir, binDir         string
	hostConfDir, hostBinDir string
}

func (p *places) declare(flags *flag.FlagSet) {
	flags.StringVar(&p.confDir, "conf-dir", defaultConfDir, "the runtime's `folder` of network configurations")
	flags.StringVar(&p.binDir, "bin-dir", defaultBinDir, "the runtime's `folder` of CNI plugins")
}

// installer has the arguments of `install`.
type installer struct {
	places
	networkFile string
	settings    entrySettings
	once        bool
	daemonSet   string
	namespace   string
}

func parseInstall(args []string, errors io.Writer) (installer, error) {
	i := installer{settings: entrySettings{Type: pluginType}}
	flags := flag.NewFlagSet("portcullis install", flag.ContinueOnError)
	flags.SetOutput(errors)
	i.declare(flags)
	flags.StringVar(&i.hostConfDir, "host-conf-dir", "", "the first `folder` as the node sees it, where that differs")
	flags.StringVar(&i.hostBinDir, "host-bin-dir", "", "the second `folder` as the node sees it, where that differs")
	flags.StringVar(&i.networkFile, "network-file", "", "chain to this `file` of the folder, and not to the first")
	flags.StringVar(&i.settings.Socket, "socket", defaultSocket, "where the node's agent listens (its --cni-socket), a `path` of the node")
	deadline := flags.Duration("cni-deadline", defaultDeadline, "a pod whose policies are not in force after this `time` fails to start; the kubelet tries again")
	exempt := flags.String("exempt-namespaces", "kube-system", "`namespaces` whose pods start all the same, with commas between")
	flags.BoolVar(&i.once, "once", false, "install and end, without keeping it up")
	flags.StringVar(&i.daemonSet, "daemon-set", "", "the `name` of the DaemonSet that this runs in: when it is deleted the plugin is taken out")
	flags.StringVar(&i.namespace, "namespace", "kube-system", "its `namespace`")
	if err := flags.Parse(args); err != nil {
		return i, err
	}
	if flags.NArg() > 0 {
		return i, fmt.Errorf("%q is no option", flags.Arg(0))
	}
	if *deadline < time.Second || *deadline > 100*time.Second {
		return i, fmt.Errorf("--cni-deadline %v: from 1s to 100s; the kubelet itself waits for two minutes", *deadline)
	}
	if !filepath.IsAbs(i.settings.Socket) {
		return i, fmt.Errorf("--socket %s: not an absolute path", i.settings.Socket)
	}
	i.settings.Deadline = deadline.String()
	i.settings.ExemptNamespaces = slices.DeleteFunc(strings.Split(*exempt, ","), func(name string) bool { return name == "" })
	i.settings.Uninstall = i.uninstallCommand()
	return i, nil
}

// uninstallCommand is what a person types on the node.
func (p *places) uninstallCommand() string {
	confDir, binDir := p.hostConfDir, p.hostBinDir
	if confDir == "" {
		confDir = p.confDir
	}
	if binDir == "" {
		binDir = p.binDir
	}
	command := filepath.Join(binDir, pluginType) + " uninstall"
	if confDir != defaultConfDir {
		command += " --conf-dir=" + confDir
	}
	if binDir != defaultBinDir {
		command += " --bin-dir=" + binDir
	}
	return command
}

func runInstall(args []string, env func(string) string, output io.Writer) int {
	i, err := parseInstall(args, output)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(output, "portcullis install: %v\n", err)
		return 2
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	log := slog.New(slog.NewJSONHandler(output, nil))
	if err := i.run(log, signals); err != nil {
		log.Error("the plugin cannot be installed", "error", err.Error())
		return 1
	}
	if i.once {
		return 0
	}
	return i.end(log, env)
}

// run installs the plugin and keeps it installed until a signal comes. What fails is tried again.
func (i *installer) run(log *slog.Logger, signals <-chan os.Signal) error {
	entry, err := json.Marshal(i.settings)
	if err != nil {
		return err
	}
	kept := folder{path: i.confDir, only: i.networkFile, entry: entry}
	changes := watch(i.confDir)
	told := ""
	for {
		// The program is there before a configuration names it.
		err := copyProgram(filepath.Join(i.binDir, pluginType))
		var now state
		if err == nil {
			now, err = kept.keep(time.Now())
		}
		if i.once {
			if err == nil && now.source == "" {
				return fmt.Errorf("%s: no network configuration to chain to; %s", i.confDir, strings.Join(now.troubles, "; "))
			}
			return err
		}
		if now.changed {
			log.Info("the network configuration was written", "source", now.source, "folder", i.confDir)
		}
		trouble := strings.Join(now.troubles, "; ")
		if err != nil {
			trouble = err.Error()
		}
		if trouble != told && trouble != "" {
			log.Error("the plugin is not in force as it could be", "trouble", trouble)
		}
		told = trouble
		select {
		case <-changes:
		case <-time.After(lookAgainAfter):
		case <-signals:
			return nil
		}
	}
}

// copyProgram puts this program in the folder of plugins, where it is not there already.
func copyProgram(path string) error {
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, own) {
		return nil
	}
	return writeFile(path, bytes.NewReader(own), 0o755)
}
