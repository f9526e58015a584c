package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// probeUDP is open once the peer has sent back the probe's own random token.
func probeUDP(ns *namespace, from, to net.IP, port int, patience time.Duration) (outcome, error) {
	socket, err := socketFrom(ns, syscall.SOCK_DGRAM, "UDP", from)
	if err != nil {
		return "", err
	}
	defer socket.Close()
	if err := connect(socket, to, port); err != nil {
		return settle(err)
	}
	token := make([]byte, 16)
	if _, err := rand.Read(token); err != nil {
		return "", err
	}
	for range sendings {
		result, err := exchange(socket, token, patience/sendings)
		if err != nil || result != timeout {
			return result, err
		}
	}
	return timeout, nil
}

// exchange sends the token once and waits for it to come back.
func exchange(socket *os.File, token []byte, patience time.Duration) (outcome, error) {
	if err := socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	if _, err := socket.Write(token); err != nil {
		return settle(err)
	}
	reply := make([]byte, 64)
	for {
		n, err := socket.Read(reply)
		if err != nil {
			return settle(err)
		}
		if n == 0 {
			return "", errors.New("an empty datagram came back")
		}
		if bytes.Equal(reply[:n], token) {
			return open, nil
		}
	}
}
