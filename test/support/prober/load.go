package main

import (
	"errors"
	"runtime"
	"sort"
	"syscall"
	"time"
)

// A load is TCP from one pod to another as fast as it goes: connections one after the other, or bytes on one of them.
// The server is made for it and goes with it.
type load struct {
	Kind    string `json:"kind"` // connects or bytes
	Netns   string `json:"netns"`
	From    string `json:"from"`
	ToNetns string `json:"toNetns"`
	To      string `json:"to"`
	Port    int    `json:"port"`
	ForMs   int    `json:"forMs"`
}

// A yield is what a load came to.
type yield struct {
	PerSecond float64 `json:"perSecond"`
	// Of single connects; 0 for bytes.
	P50Us float64 `json:"p50Us"`
	P99Us float64 `json:"p99Us"`
}

const loadBuffer = 256 * 1024

// inThread runs work on a thread of its own inside a namespace.
func inThread(netns string, work func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with this goroutine.
		runtime.LockOSThread()
		if err := setns(netns); err != nil {
			done <- err
			return
		}
		done <- work()
	}()
	return done
}

func listenRaw(address string, port int) (int, error) {
	to, err := inet4(address, port)
	if err != nil {
		return 0, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err := errors.Join(syscall.Bind(fd, to), syscall.Listen(fd, 4096)); err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

// drain accepts and reads until the listener is shut down.
func drain(listener int) {
	buffer := make([]byte, loadBuffer)
	for {
		fd, _, err := syscall.Accept(listener)
		if err != nil {
			return
		}
		for {
			if n, err := syscall.Read(fd, buffer); n <= 0 || err != nil {
				break
			}
		}
		syscall.Close(fd)
	}
}

func connectRaw(from, to string, port int) (int, error) {
	local, err := inet4(from, 0)
	if err != nil {
		return 0, err
	}
	remote, err := inet4(to, port)
	if err != nil {
		return 0, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	// A reset at the end: no TIME_WAIT uses up the ports.
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	if err := errors.Join(syscall.Bind(fd, local), syscall.Connect(fd, remote)); err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

func connects(l load) (yield, error) {
	var taken []float64
	began := time.Now()
	for time.Since(began) < time.Duration(l.ForMs)*time.Millisecond {
		at := time.Now()
		fd, err := connectRaw(l.From, l.To, l.Port)
		if err != nil {
			return yield{}, err
		}
		taken = append(taken, float64(time.Since(at).Nanoseconds())/1000)
		syscall.Close(fd)
	}
	seconds := time.Since(began).Seconds()
	sort.Float64s(taken)
	return yield{
		PerSecond: float64(len(taken)) / seconds,
		P50Us:     taken[len(taken)/2],
		P99Us:     taken[len(taken)*99/100],
	}, nil
}

func sendBytes(l load) (yield, error) {
	fd, err := connectRaw(l.From, l.To, l.Port)
	if err != nil {
		return yield{}, err
	}
	defer syscall.Close(fd)
	buffer := make([]byte, loadBuffer)
	began := time.Now()
	total := 0
	for time.Since(began) < time.Duration(l.ForMs)*time.Millisecond {
		n, err := syscall.Write(fd, buffer)
		if err != nil {
			return yield{}, err
		}
		total += n
	}
	return yield{PerSecond: float64(total) / time.Since(began).Seconds()}, nil
}

func runLoad(l load) (yield, error) {
	var listener int
	var err error
	if setup := <-inThread(l.ToNetns, func() error { listener, err = listenRaw(l.To, l.Port); return err }); setup != nil {
		return yield{}, setup
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		drain(listener)
	}()
	var result yield
	err = <-inThread(l.Netns, func() (err error) {
		if l.Kind == "bytes" {
			result, err = sendBytes(l)
		} else {
			result, err = connects(l)
		}
		return err
	})
	_ = syscall.Shutdown(listener, syscall.SHUT_RDWR)
	<-drained
	syscall.Close(listener)
	return result, err
}

func inet4(text string, port int) (*syscall.SockaddrInet4, error) {
	ip, err := parseIP(text)
	if err != nil {
		return nil, err
	}
	if len(ip) != 4 {
		return nil, errors.New("a load is IPv4 only")
	}
	return &syscall.SockaddrInet4{Port: port, Addr: [4]byte(ip)}, nil
}
