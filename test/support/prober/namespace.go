package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
)

// CLONE_NEWNET and the number of setns(2), which package syscall does not name on every architecture.
const cloneNewnet = 0x40000000

var sysSetns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

// A namespace is one network namespace: a thread that stays in it and makes sockets there. A socket belongs to the
// namespace that it was made in, so all else happens on any thread.
type namespace struct {
	tasks chan func()
	// gone is closed when the namespace is forgotten.
	gone chan struct{}

	mu      sync.Mutex
	closers []io.Closer
	sctp    map[string]*sctpEndpoint
	ports   map[string]int
	// udp is the UDP servers, by their address.
	udp map[string]*net.UDPConn
}

// firstPort is where each protocol's own source ports begin, above those that anything here serves.
const firstPort = 10_000

func enter(path string) (*namespace, error) {
	ns := &namespace{
		tasks: make(chan func()),
		gone:  make(chan struct{}),
		sctp:  map[string]*sctpEndpoint{},
		ports: map[string]int{},
		udp:   map[string]*net.UDPConn{},
	}
	entered := make(chan error)
	go func() {
		// Never unlocked: the thread is of no use to others and ends with this goroutine.
		runtime.LockOSThread()
		entered <- setns(path)
		for {
			select {
			case task := <-ns.tasks:
				task()
			case <-ns.gone:
				return
			}
		}
	}()
	if err := <-entered; err != nil {
		close(ns.gone)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ns, nil
}

func setns(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, _, errno := syscall.RawSyscall(sysSetns, file.Fd(), cloneNewnet, 0); errno != 0 {
		return errno
	}
	return nil
}

// inside runs task on the namespace's own thread and waits for it.
func (ns *namespace) inside(task func() error) error {
	done := make(chan error)
	select {
	case ns.tasks <- func() { done <- task() }:
		return <-done
	case <-ns.gone:
		return errForgotten
	}
}

func (ns *namespace) keep(closer io.Closer) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.closers = append(ns.closers, closer)
}

// nextPort gives source ports in turn, so that a probe never meets the conntrack entry of an earlier one.
func (ns *namespace) nextPort(protocol string) int {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	port := ns.ports[protocol]
	if port < firstPort || port >= 65_535 {
		port = firstPort
	}
	ns.ports[protocol] = port + 1
	return port
}

func (ns *namespace) close() {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	for _, closer := range ns.closers {
		closer.Close()
	}
	close(ns.gone)
}

var errForgotten = errors.New("the namespace was forgotten meanwhile")

type namespaces struct {
	mu     sync.Mutex
	byPath map[string]*namespace
}

func newNamespaces() *namespaces {
	return &namespaces{byPath: map[string]*namespace{}}
}

func (all *namespaces) get(path string) (*namespace, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if ns := all.byPath[path]; ns != nil {
		return ns, nil
	}
	ns, err := enter(path)
	if err == nil {
		all.byPath[path] = ns
	}
	return ns, err
}

// forget closes all that is served in the namespace and lets go of it, so that it can be deleted.
func (all *namespaces) forget(path string) {
	all.mu.Lock()
	ns := all.byPath[path]
	delete(all.byPath, path)
	all.mu.Unlock()
	if ns != nil {
		ns.close()
	}
}

func parseIP(text string) (net.IP, error) {
	ip := net.ParseIP(text)
	if ip == nil {
		return nil, fmt.Errorf("%q is not an IP address", text)
	}
	if v4 := ip.To4(); v4 != nil {
		return v4, nil
	}
	return ip, nil
}
