package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// An sctpEndpoint stands in for the SCTP stack of one address, on a raw socket, since not every kernel has one. While
// the socket is open the kernel answers no SCTP packet by ICMP protocol unreachable.
type sctpEndpoint struct {
	conn *net.IPConn

	mu     sync.Mutex
	served map[uint16]bool
	// awaited are the probes under way, by their source port.
	awaited map[uint16]awaited
}

type awaited struct {
	peer    net.IP
	port    uint16
	tag     uint32
	outcome chan outcome
}

func (ns *namespace) sctpEndpoint(ip net.IP) (*sctpEndpoint, error) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if endpoint := ns.sctp[ip.String()]; endpoint != nil {
		return endpoint, nil
	}
	network := "ip6:132"
	if len(ip) == net.IPv4len {
		network = "ip4:132"
	}
	var conn *net.IPConn
	err := ns.inside(func() (err error) {
		conn, err = net.ListenIP(network, &net.IPAddr{IP: ip})
		return err
	})
	if err != nil {
		return nil, err
	}
	endpoint := &sctpEndpoint{conn: conn, served: map[uint16]bool{}, awaited: map[uint16]awaited{}}
	ns.sctp[ip.String()] = endpoint
	ns.closers = append(ns.closers, conn)
	go endpoint.receive()
	return endpoint, nil
}

func (e *sctpEndpoint) serve(port int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.served[uint16(port)] = true
}

func (e *sctpEndpoint) receive() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := e.conn.ReadFromIP(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		packet, ok := parseSCTP(buffer[:n])
		switch {
		case !ok:
		case packet.kind == chunkInit:
			e.answer(packet, from)
		default:
			e.conclude(packet, from.IP)
		}
	}
}

// answer does what a stack does with an INIT: INIT ACK where somebody listens, else ABORT (RFC 9260, 5.1 and 8.4).
func (e *sctpEndpoint) answer(init sctpPacket, from *net.IPAddr) {
	e.mu.Lock()
	served := e.served[init.destination]
	e.mu.Unlock()
	reply := sctpPacket{source: init.destination, destination: init.source, tag: init.initiateTag, kind: chunkAbort}
	if served {
		reply.kind = chunkInitAck
		reply.initiateTag = rand.Uint32() | 1
	}
	_, _ = e.conn.WriteToIP(reply.marshal(), from)
}

// conclude ends the probe that a reply belongs to; the tag shows that it answers this very probe.
func (e *sctpEndpoint) conclude(reply sctpPacket, from net.IP) {
	e.mu.Lock()
	defer e.mu.Unlock()
	waiting, known := e.awaited[reply.destination]
	if !known || waiting.tag != reply.tag || waiting.port != reply.source || !waiting.peer.Equal(from) {
		return
	}
	delete(e.awaited, reply.destination)
	if reply.kind == chunkInitAck {
		waiting.outcome <- open
	} else {
		waiting.outcome <- refused
	}
}

// probeSCTP is open once the peer has answered INIT by INIT ACK. ICMP errors do not reach a raw socket that talks to
// many peers: they count as timeout.
func probeSCTP(ns *namespace, from, to net.IP, port int, patience time.Duration) (outcome, error) {
	endpoint, err := ns.sctpEndpoint(from)
	if err != nil {
		return "", err
	}
	source := uint16(ns.nextPort("SCTP"))
	waiting := awaited{peer: to, port: uint16(port), tag: rand.Uint32() | 1, outcome: make(chan outcome, 1)}
	endpoint.await(source, waiting)
	defer endpoint.giveUp(source)

	packet := sctpPacket{source: source, destination: uint16(port), kind: chunkInit, initiateTag: waiting.tag}.marshal()
	for range sendings {
		if _, err := endpoint.conn.WriteToIP(packet, &net.IPAddr{IP: to}); err != nil {
			return settle(err)
		}
		select {
		case result := <-waiting.outcome:
			return result, nil
		case <-time.After(patience / sendings):
		}
	}
	return timeout, nil
}

func (e *sctpEndpoint) await(source uint16, waiting awaited) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.awaited[source] = waiting
}

func (e *sctpEndpoint) giveUp(source uint16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.awaited, source)
}
