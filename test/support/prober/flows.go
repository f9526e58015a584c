package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Flows are connections that stay open: each can be tested at any time for an answer of its server.
type flows struct {
	Name     string `json:"name"`
	Netns    string `json:"netns"`
	Protocol string `json:"protocol"`
	From     string `json:"from"`
	To       string `json:"to"`
	Port     int    `json:"port"`
	Count    int    `json:"count"`
}

type flowTable struct {
	mu     sync.Mutex
	byName map[string]openFlows
}

type openFlows struct {
	protocol string
	sockets  []*os.File
}

func newFlowTable() *flowTable { return &flowTable{byName: map[string]openFlows{}} }

const (
	// opening is how long one connection may take to be opened, and atOnce how many are opened together.
	opening = 10 * time.Second
	atOnce  = 50
	// pace is the time between two tests: a server's socket holds few datagrams at a time.
	pace = 100 * time.Microsecond
)

// open opens the flows and asks each once. It fails where one is not answered.
func (table *flowTable) open(world *namespaces, spec flows) error {
	ns, err := world.get(spec.Netns)
	if err != nil {
		return err
	}
	from, err := parseIP(spec.From)
	if err != nil {
		return err
	}
	to, err := parseIP(spec.To)
	if err != nil {
		return err
	}
	table.mu.Lock()
	_, taken := table.byName[spec.Name]
	table.mu.Unlock()
	if taken {
		return fmt.Errorf("there are flows %q already", spec.Name)
	}
	kind := map[string]int{"TCP": syscall.SOCK_STREAM, "UDP": syscall.SOCK_DGRAM}[spec.Protocol]
	if kind == 0 {
		return fmt.Errorf("no flows of %q", spec.Protocol)
	}
	sockets := make([]*os.File, spec.Count)
	errs := make([]error, spec.Count)
	places := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range spec.Count {
		all.Add(1)
		places <- struct{}{}
		go func() {
			defer func() { <-places; all.Done() }()
			socket, err := socketFrom(ns, kind, spec.Protocol, from)
			if err == nil {
				sockets[i] = socket
				_ = socket.SetDeadline(time.Now().Add(opening))
				err = connect(socket, to, spec.Port)
			}
			if err == nil && !answers(socket, spec.Protocol, opening) {
				err = errors.New("no answer")
			}
			errs[i] = err
		}()
	}
	all.Wait()
	table.mu.Lock()
	table.byName[spec.Name] = openFlows{spec.Protocol, sockets}
	table.mu.Unlock()
	return errors.Join(errs...)
}

// answers asks and waits for anything that comes back: also the answer to an earlier question shows that it is open.
// Datagrams are sent more than once, since some are lost where many come together.
func answers(socket *os.File, protocol string, patience time.Duration) bool {
	if protocol == "TCP" {
		return answersOnce(socket, patience)
	}
	for range sendings {
		if answersOnce(socket, patience/sendings) {
			return true
		}
	}
	return false
}

func answersOnce(socket *os.File, patience time.Duration) bool {
	if err := socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return false
	}
	token := make([]byte, 16)
	_, _ = rand.Read(token)
	if _, err := socket.Write(token); err != nil {
		return false
	}
	reply := make([]byte, 64)
	for {
		n, err := socket.Read(reply)
		if err != nil {
			return false
		}
		if n > 0 && !bytes.Equal(reply[:n], pushed) {
			return true
		}
	}
}

// ask asks all flows of the name and tells which were answered.
func (table *flowTable) ask(name string, patience time.Duration) []bool {
	table.mu.Lock()
	asked := table.byName[name]
	table.mu.Unlock()
	sockets := asked.sockets
	answered := make([]bool, len(sockets))
	var all sync.WaitGroup
	for i, socket := range sockets {
		all.Add(1)
		go func() {
			defer all.Done()
			answered[i] = answers(socket, asked.protocol, patience)
		}()
		time.Sleep(pace)
	}
	all.Wait()
	return answered
}

// pushed is what a server sends by itself.
var pushed = []byte("unasked")

// push lets the server of UDP flows send a datagram to each of its clients.
func (table *flowTable) push(world *namespaces, server listener, name string) error {
	ns, err := world.get(server.Netns)
	if err != nil {
		return err
	}
	ns.mu.Lock()
	conn := ns.udp[net.JoinHostPort(server.IP, fmt.Sprint(server.Port))]
	ns.mu.Unlock()
	if conn == nil {
		return fmt.Errorf("no UDP server at %s:%d", server.IP, server.Port)
	}
	table.mu.Lock()
	sockets := table.byName[name].sockets
	table.mu.Unlock()
	for _, socket := range sockets {
		raw, err := socket.SyscallConn()
		if err != nil {
			return err
		}
		var client net.UDPAddr
		_ = raw.Control(func(fd uintptr) {
			address, _ := syscall.Getsockname(int(fd))
			switch own := address.(type) {
			case *syscall.SockaddrInet4:
				client = net.UDPAddr{IP: own.Addr[:], Port: own.Port}
			case *syscall.SockaddrInet6:
				client = net.UDPAddr{IP: own.Addr[:], Port: own.Port}
			}
		})
		_, _ = conn.WriteToUDP(pushed, &client)
	}
	return nil
}

// close ends all flows of the name.
func (table *flowTable) close(name string) {
	table.mu.Lock()
	defer table.mu.Unlock()
	for _, socket := range table.byName[name].sockets {
		if socket != nil {
			socket.Close()
		}
	}
	delete(table.byName, name)
}
