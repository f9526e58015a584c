package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// Hand-made packets are put on one link and looked for on another: in between is a router whose firewall is judged. One
// frame tells what a whole connection attempt would, so thousands of packets take a fraction of a second.

type injection struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
}

const (
	// etherAll is ETH_P_ALL in network byte order: every frame, as a packet socket asks for it (packet(7)).
	etherAll  = 0x0300
	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
	// firstTag is the first source port or echo identifier that tells one injected packet from another.
	firstTag = 20_000
	lastTag  = 29_999
)

// wire is the far ends of a router's two links, in one namespace.
type wire struct {
	mu      sync.Mutex
	in, out int
	tag     int
	// router is the hardware address of the link that packets are put on.
	router net.HardwareAddr
	index  int
}

var wires = struct {
	sync.Mutex
	byPath map[string]*wire
}{byPath: map[string]*wire{}}

func packetSocket(ns *namespace, device string) (fd int, link *net.Interface, err error) {
	err = ns.inside(func() error {
		link, err = net.InterfaceByName(device)
		if err != nil {
			return err
		}
		fd, err = syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, etherAll)
		if err != nil {
			return err
		}
		return syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: etherAll, Ifindex: link.Index})
	})
	return fd, link, err
}

func wireIn(world *namespaces, path, in, out, router string) (*wire, error) {
	wires.Lock()
	defer wires.Unlock()
	key := path + " " + in
	if known := wires.byPath[key]; known != nil {
		return known, nil
	}
	ns, err := world.get(path)
	if err != nil {
		return nil, err
	}
	hardware, err := net.ParseMAC(router)
	if err != nil {
		return nil, err
	}
	inFd, link, err := packetSocket(ns, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in, err)
	}
	outFd, _, err := packetSocket(ns, out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", out, err)
	}
	_ = syscall.SetsockoptInt(outFd, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, 32<<20)
	made := &wire{in: inFd, out: outFd, router: hardware, index: link.Index, tag: firstTag}
	wires.byPath[key] = made
	return made, nil
}

func injectAll(world *namespaces, req request) ([]bool, error) {
	between, err := wireIn(world, req.Netns, req.In, req.Out, req.Router)
	if err != nil {
		return nil, err
	}
	return between.inject(req.Packets, time.Duration(req.TimeoutMs)*time.Millisecond)
}

// inject sends all packets and tells which came out at the other end.
func (w *wire) inject(packets []injection, patience time.Duration) ([]bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	arrived := make([]bool, len(packets))
	awaited := map[string]int{}
	// Nothing governs the addresses of RFC 2544 benchmarks: a last packet between them shows that all others are through.
	marker := injection{From: "198.18.0.1", To: "198.18.0.2", Protocol: "UDP", Port: 9}
	for i, each := range append(packets[:len(packets):len(packets)], marker) {
		packet, key, err := each.marshal(w.nextTag())
		if err != nil {
			return nil, err
		}
		awaited[key] = i
		if err := w.send(packet); err != nil {
			return nil, err
		}
	}
	deadline := time.Now().Add(patience)
	buffer := make([]byte, 2048)
	for time.Now().Before(deadline) {
		n, err := w.receive(buffer, time.Until(deadline))
		if err != nil {
			return nil, err
		}
		at, known := awaited[flowKey(buffer[:n])]
		switch {
		case !known:
		case at < len(packets):
			arrived[at] = true
		default:
			// Packets may have crossed on two processors: a moment for what the marker has overtaken.
			deadline = time.Now().Add(5 * time.Millisecond)
		}
		if n == 0 {
			return arrived, nil
		}
	}
	return arrived, nil
}

func (w *wire) nextTag() int {
	w.tag++
	if w.tag > lastTag {
		w.tag = firstTag
	}
	return w.tag
}

func (w *wire) send(packet []byte) error {
	frame := make([]byte, 14, 14+len(packet))
	copy(frame, w.router)
	copy(frame[6:], []byte{2, 0, 0, 0, 0, 1})
	kind := etherIPv4
	if packet[0]>>4 == 6 {
		kind = etherIPv6
	}
	frame[12], frame[13] = byte(kind>>8), byte(kind)
	to := &syscall.SockaddrLinklayer{Protocol: etherAll, Ifindex: w.index, Halen: 6}
	copy(to.Addr[:], w.router)
	for {
		err := syscall.Sendto(w.in, append(frame, packet...), 0, to)
		if !errors.Is(err, syscall.ENOBUFS) && !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// receive waits for one frame and returns its packet, nothing if none came.
func (w *wire) receive(buffer []byte, patience time.Duration) (int, error) {
	wait := syscall.NsecToTimeval(max(patience, time.Millisecond).Nanoseconds())
	_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, uintptr(w.out), syscall.SOL_SOCKET, syscall.SO_RCVTIMEO,
		uintptr(unsafe.Pointer(&wait)), unsafe.Sizeof(wait), 0)
	if errno != 0 {
		return 0, errno
	}
	frame := make([]byte, 2048)
	n, _, err := syscall.Recvfrom(w.out, frame, 0)
	switch {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EINTR):
		return 0, nil
	case err != nil:
		return 0, err
	case n < 14:
		return 0, nil
	}
	return copy(buffer, frame[14:n]), nil
}
