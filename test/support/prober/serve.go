package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

type listener struct {
	Netns    string `json:"netns"`
	Protocol string `json:"protocol"`
	IP       string `json:"ip"`
	Port     int    `json:"port"`
}

// idle is how long a TCP connection may say nothing before its server closes it.
const idle = 30 * time.Second

func serveAll(world *namespaces, listeners []listener) error {
	var errs []error
	for _, l := range listeners {
		if err := serve(world, l); err != nil {
			errs = append(errs, fmt.Errorf("serve %s %s:%d: %w", l.Protocol, l.IP, l.Port, err))
		}
	}
	return errors.Join(errs...)
}

func serve(world *namespaces, l listener) error {
	ns, err := world.get(l.Netns)
	if err != nil {
		return err
	}
	ip, err := parseIP(l.IP)
	if err != nil {
		return err
	}
	switch l.Protocol {
	case "TCP":
		return serveTCP(ns, ip, l.Port)
	case "UDP":
		return serveUDP(ns, ip, l.Port)
	case "SCTP":
		endpoint, err := ns.sctpEndpoint(ip)
		if err == nil {
			endpoint.serve(l.Port)
		}
		return err
	default:
		return fmt.Errorf("unknown protocol %q", l.Protocol)
	}
}

func serveTCP(ns *namespace, ip net.IP, port int) error {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	var listening net.Listener
	err := ns.inside(func() (err error) {
		listening, err = config.Listen(context.Background(), "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
		return err
	})
	if err != nil {
		return err
	}
	ns.keep(listening)
	go func() {
		for {
			conn, err := listening.Accept()
			if err != nil {
				return
			}
			go echoTCP(conn.(*net.TCPConn))
		}
	}()
	return nil
}

// echoTCP answers until the client ends the connection. The server never ends it first: a reset could overtake the
// client's look at its established connection. No TIME_WAIT stays behind.
func echoTCP(conn *net.TCPConn) {
	defer conn.Close()
	_ = conn.SetLinger(0)
	buffer := make([]byte, 2048)
	for {
		_ = conn.SetDeadline(time.Now().Add(idle))
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func serveUDP(ns *namespace, ip net.IP, port int) error {
	var conn *net.UDPConn
	err := ns.inside(func() (err error) {
		conn, err = net.ListenUDP("udp", &net.UDPAddr{IP: ip, Port: port})
		return err
	})
	if err != nil {
		return err
	}
	// What comes while the machine has no time for us waits, as far as net.core.rmem_max allows.
	_ = conn.SetReadBuffer(1 << 22)
	ns.keep(conn)
	ns.mu.Lock()
	ns.udp[net.JoinHostPort(ip.String(), strconv.Itoa(port))] = conn
	ns.mu.Unlock()
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// Any other error is an ICMP answer to an earlier echo, whose client is gone.
			if err == nil {
				_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
			}
		}
	}()
	return nil
}
