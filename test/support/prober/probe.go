package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

type probe struct {
	Netns     string `json:"netns"`
	Protocol  string `json:"protocol"`
	From      string `json:"from"`
	To        string `json:"to"`
	Port      int    `json:"port"`
	TimeoutMs int    `json:"timeoutMs"`
}

type outcome string

const (
	open        outcome = "open"
	refused     outcome = "refused"
	unreachable outcome = "unreachable"
	timeout     outcome = "timeout"
)

// sendings is how often UDP and SCTP probes send within their timeout.
const sendings = 4

// probeAll runs all probes at once.
func probeAll(world *namespaces, probes []probe) ([]outcome, error) {
	outcomes := make([]outcome, len(probes))
	errs := make([]error, len(probes))
	var all sync.WaitGroup
	for i, p := range probes {
		all.Add(1)
		go func() {
			defer all.Done()
			outcomes[i], errs[i] = run(world, p)
			if errs[i] != nil {
				errs[i] = fmt.Errorf("probe %s %s to %s:%d: %w", p.Protocol, p.From, p.To, p.Port, errs[i])
			}
		}()
	}
	all.Wait()
	return outcomes, errors.Join(errs...)
}

func run(world *namespaces, p probe) (outcome, error) {
	ns, err := world.get(p.Netns)
	if err != nil {
		return "", err
	}
	from, err := parseIP(p.From)
	if err != nil {
		return "", err
	}
	to, err := parseIP(p.To)
	if err != nil {
		return "", err
	}
	if len(from) != len(to) {
		return "", errors.New("two families")
	}
	patience := time.Duration(p.TimeoutMs) * time.Millisecond
	switch p.Protocol {
	case "TCP":
		return probeTCP(ns, from, to, p.Port, patience)
	case "UDP":
		return probeUDP(ns, from, to, p.Port, patience)
	case "SCTP":
		return probeSCTP(ns, from, to, p.Port, patience)
	default:
		return "", errors.New("unknown protocol")
	}
}

// outcomeOf reads what the kernel says of a connection; ok is false where it is no statement about the way.
func outcomeOf(err error) (result outcome, ok bool) {
	switch {
	case err == nil:
		return open, true
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return timeout, true
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return refused, true
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES),
		errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EPROTO), errors.Is(err, syscall.ENOPROTOOPT):
		return unreachable, true
	default:
		return "", false
	}
}

func settle(err error) (outcome, error) {
	if result, ok := outcomeOf(err); ok {
		return result, nil
	}
	return "", err
}

func sockaddr(ip net.IP, port int) syscall.Sockaddr {
	if len(ip) == net.IPv4len {
		return &syscall.SockaddrInet4{Port: port, Addr: [4]byte(ip)}
	}
	return &syscall.SockaddrInet6{Port: port, Addr: [16]byte(ip)}
}

// socketFrom makes a non-blocking socket in the namespace, bound to an unused source port.
func socketFrom(ns *namespace, kind int, protocol string, from net.IP) (*os.File, error) {
	family := syscall.AF_INET6
	if len(from) == net.IPv4len {
		family = syscall.AF_INET
	}
	fd := -1
	err := ns.inside(func() (err error) {
		fd, err = syscall.Socket(family, kind|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Bind(fd, sockaddr(from, ns.nextPort(protocol)))
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	if err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), protocol), nil
}

// connect connects the socket, waiting no longer than its deadline.
func connect(socket *os.File, to net.IP, port int) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	peer := sockaddr(to, port)
	var ended error
	err = raw.Write(func(fd uintptr) bool {
		// Asked again when the socket becomes writable, connect(2) tells how the first call ended.
		ended = syscall.Connect(int(fd), peer)
		return !errors.Is(ended, syscall.EINPROGRESS) && !errors.Is(ended, syscall.EALREADY)
	})
	if err != nil {
		return err
	}
	if errors.Is(ended, syscall.EISCONN) {
		return nil
	}
	return ended
}

// probeTCP is open once the three-way handshake is done. The connection ends by a reset, which leaves no TIME_WAIT.
func probeTCP(ns *namespace, from, to net.IP, port int, patience time.Duration) (outcome, error) {
	socket, err := socketFrom(ns, syscall.SOCK_STREAM, "TCP", from)
	if err != nil {
		return "", err
	}
	defer socket.Close()
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		})
	}
	if err := socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	return settle(connect(socket, to, port))
}
