// Command portcullis is a chained CNI plugin, and what installs it on a node.
//
// As a plugin it is started by the container runtime with CNI_COMMAND in its environment (CNI specification 0.3.0 to
// 1.1.0). By hand, and in its own DaemonSet, it takes a verb: install, uninstall.
package main

import (
	"fmt"
	"io"
	"os"
)

const usage = `Usage: portcullis install|uninstall [OPTIONS]; see portcullis install --help.
Started by a container runtime it is a CNI plugin that waits until the node's agent has a new pod's policies in force.
`

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, env func(string) string, in io.Reader, out, errors io.Writer) int {
	if env("CNI_COMMAND") != "" {
		return runPlugin(env, in, out)
	}
	if len(args) > 0 {
		switch args[0] {
		case "install":
			return runInstall(args[1:], env, errors)
		case "uninstall":
			return runUninstall(args[1:], errors)
		}
	}
	fmt.Fprint(errors, usage)
	return 2
}
