package main

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Hand-made packets are put on one link of a router and looked for on another: the firewall in between is judged without
// anybody who answers. One frame tells what a whole connection attempt would, so thousands take a fraction of a second.

// etherAll is ETH_P_ALL in network byte order: every frame, as a packet socket asks for it (packet(7)).
const etherAll = 0x0300

const (
	etherHeader = 14
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	// lookEvery is how often a way out on which nothing comes is found empty.
	lookEvery = 100 * time.Millisecond
)

type wireSpec struct {
	Name  string `json:"name"`
	Netns string `json:"netns"`
	// The devices in the namespace: packets are put on one and looked for on the other.
	In  string `json:"in"`
	Out string `json:"out"`
	// Router is the hardware address at the other end of the first.
	Router string `json:"router"`
}

type wire struct {
	mu     sync.Mutex
	in     int
	ring   *ring
	index  int
	router net.HardwareAddr
	// emptyNs is when its way out was last found empty: everything that had arrived by then has been reported.
	emptyNs atomic.Int64
}

// wires are all the ways in; a flow gets its packets from any of them.
type wires struct {
	mu     sync.RWMutex
	byName map[string]*wire
	// waiting is by flowKey; it gets the packet, from the IP header on, which it must not keep.
	waiting map[string]func(packet []byte)
}

func newWires() *wires {
	return &wires{byName: map[string]*wire{}, waiting: map[string]func([]byte){}}
}

func (all *wires) get(name string) (*wire, error) {
	all.mu.RLock()
	defer all.mu.RUnlock()
	if known := all.byName[name]; known != nil {
		return known, nil
	}
	return nil, fmt.Errorf("no wire %q", name)
}

func (all *wires) await(key string, told func([]byte)) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.waiting[key] = told
}

func (all *wires) forget(keys []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, key := range keys {
		delete(all.waiting, key)
	}
}

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
	if err != nil {
		err = fmt.Errorf("%s: %w", device, err)
	}
	return fd, link, err
}

func (all *wires) open(world *namespaces, spec wireSpec) error {
	ns, err := world.get(spec.Netns)
	if err != nil {
		return err
	}
	router, err := net.ParseMAC(spec.Router)
	if err != nil {
		return err
	}
	in, link, err := packetSocket(ns, spec.In)
	if err != nil {
		return err
	}
	out, _, err := packetSocket(ns, spec.Out)
	if err != nil {
		return err
	}
	frames, err := newRing(out)
	if err != nil {
		return fmt.Errorf("%s: %w", spec.Out, err)
	}
	// Nothing is ever read from the way in: it need not hold what passes there.
	_ = syscall.SetsockoptInt(in, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.byName[spec.Name] != nil {
		return fmt.Errorf("there is a wire %q already", spec.Name)
	}
	opened := &wire{in: in, ring: frames, index: link.Index, router: router}
	all.byName[spec.Name] = opened
	go all.receive(opened)
	return nil
}

// emptyNs is when all ways out were empty, the one that was found so the longest ago.
func (all *wires) emptyNs() int64 {
	all.mu.RLock()
	defer all.mu.RUnlock()
	first := monotonic()
	for _, each := range all.byName {
		first = min(first, each.emptyNs.Load())
	}
	return first
}

func (all *wires) receive(from *wire) {
	for {
		now := monotonic()
		frame := from.ring.next()
		if frame == nil {
			from.emptyNs.Store(now)
			if !from.ring.wait(lookEvery) {
				return
			}
			continue
		}
		if len(frame) > etherHeader {
			packet := frame[etherHeader:]
			all.mu.RLock()
			told := all.waiting[flowKey(packet)]
			all.mu.RUnlock()
			if told != nil {
				told(packet)
			}
		}
		from.ring.release()
	}
}

func (w *wire) send(packet []byte) error {
	frame := make([]byte, etherHeader, etherHeader+len(packet))
	copy(frame, w.router)
	copy(frame[6:], []byte{2, 0, 0, 0, 0, 1})
	kind := etherIPv4
	if packet[0]>>4 == 6 {
		kind = etherIPv6
	}
	frame[12], frame[13] = byte(kind>>8), byte(kind)
	frame = append(frame, packet...)
	to := &syscall.SockaddrLinklayer{Protocol: etherAll, Ifindex: w.index, Halen: 6}
	copy(to.Addr[:], w.router)
	for {
		err := syscall.Sendto(w.in, frame, 0, to)
		if !errors.Is(err, syscall.ENOBUFS) && !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
