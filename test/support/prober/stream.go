package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// A stream asks a UDP echo server at a steady pace, each time from another source port, so that every packet opens a
// connection of its own and meets the rules as they stand then.
type stream struct {
	Name       string `json:"name"`
	Netns      string `json:"netns"`
	From       string `json:"from"`
	To         string `json:"to"`
	Port       int    `json:"port"`
	IntervalUs int    `json:"intervalUs"`
	PatienceMs int    `json:"patienceMs"`
}

// patienceNs is how long an answer is waited for.
func (s stream) patienceNs() int64 { return int64(s.PatienceMs) * int64(time.Millisecond) }

// A beat is one packet of a stream.
type beat struct {
	// SentNs is CLOCK_MONOTONIC, which is the same for all processes of the machine.
	SentNs int64
	// AfterNs is how long its answer took; 0 while there is none.
	AfterNs int64
}

const (
	// Source ports of streams: between those of probes' servers and the end, enough for conntrack to forget each (30 s).
	streamFirstPort = 5_000
	streamLastPort  = 65_000
	clockMonotonic  = 1
)

func monotonic() int64 {
	var now syscall.Timespec
	_, _, _ = syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

type waitingBeat struct {
	at     int // index among all beats of the stream
	fd     int
	sentNs int64
}

type runningStream struct {
	spec     stream
	from, to net.IP
	ownPort  int
	stop     chan struct{}
	ended    chan struct{}

	mu sync.Mutex
	// beats that were not read yet; the first is the base-th of all.
	beats []beat
	base  int
}

type streams struct {
	mu     sync.Mutex
	byName map[string]*runningStream
}

func newStreams() *streams { return &streams{byName: map[string]*runningStream{}} }

func (all *streams) get(name string) (*runningStream, error) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if s := all.byName[name]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("no stream %q", name)
}

func (all *streams) start(spec stream) error {
	from, err := parseIP(spec.From)
	if err != nil {
		return err
	}
	to, err := parseIP(spec.To)
	if err != nil {
		return err
	}
	s := &runningStream{spec: spec, from: from, to: to, ownPort: streamFirstPort, stop: make(chan struct{}), ended: make(chan struct{})}
	all.mu.Lock()
	taken := all.byName[spec.Name] != nil
	if !taken {
		all.byName[spec.Name] = s
	}
	all.mu.Unlock()
	if taken {
		return fmt.Errorf("there is a stream %q already", spec.Name)
	}
	began := make(chan error)
	go s.run(began)
	return <-began
}

func (all *streams) end(name string) error {
	s, err := all.get(name)
	if err != nil {
		return err
	}
	all.mu.Lock()
	delete(all.byName, name)
	all.mu.Unlock()
	close(s.stop)
	<-s.ended
	return nil
}

// read hands out, once, the beats whose end is known.
func (s *runningStream) read() (sent []int64, after []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := monotonic()
	known := 0
	for known < len(s.beats) && (s.beats[known].AfterNs > 0 || now-s.beats[known].SentNs > s.spec.patienceNs()) {
		known++
	}
	for _, b := range s.beats[:known] {
		sent = append(sent, b.SentNs)
		after = append(after, b.AfterNs)
	}
	s.beats = append([]beat(nil), s.beats[known:]...)
	s.base += known
	return sent, after
}

func (s *runningStream) noteSent(at int64) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats = append(s.beats, beat{SentNs: at})
	return s.base + len(s.beats) - 1
}

func (s *runningStream) noteAnswer(at int) {
	now := monotonic()
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := at - s.base; i >= 0 && i < len(s.beats) {
		s.beats[i].AfterNs = max(1, now-s.beats[i].SentNs)
	}
}

// run owns a thread in the stream's namespace: one timer and the sockets that wait, in one epoll.
func (s *runningStream) run(began chan<- error) {
	// Never unlocked: the thread is of no use to others and ends with this goroutine.
	runtime.LockOSThread()
	defer close(s.ended)
	if err := setns(s.spec.Netns); err != nil {
		began <- err
		return
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		began <- err
		return
	}
	defer syscall.Close(epoll)
	timer, err := tickEvery(time.Duration(s.spec.IntervalUs) * time.Microsecond)
	if err == nil {
		err = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, timer, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(timer)})
	}
	if err != nil {
		began <- err
		return
	}
	defer syscall.Close(timer)
	began <- nil

	waiting := map[int32]waitingBeat{}
	var order []waitingBeat
	defer func() {
		for fd := range waiting {
			syscall.Close(int(fd))
		}
	}()
	events := make([]syscall.EpollEvent, 64)
	buffer := make([]byte, 64)
	for {
		select {
		case <-s.stop:
			return
		default:
		}
		n, _ := syscall.EpollWait(epoll, events, 100)
		for _, event := range events[:max(n, 0)] {
			if event.Fd == int32(timer) {
				_, _ = syscall.Read(timer, buffer)
				if sent, err := s.send(epoll); err == nil {
					waiting[int32(sent.fd)] = sent
					order = append(order, sent)
				}
				continue
			}
			if sent, ok := waiting[event.Fd]; ok {
				if n, _, err := syscall.Recvfrom(sent.fd, buffer, syscall.MSG_DONTWAIT); err == nil && n == 8 {
					s.noteAnswer(sent.at)
				}
				delete(waiting, event.Fd)
				syscall.Close(sent.fd)
			}
		}
		order = s.giveUp(order, waiting)
	}
}

// giveUp closes the sockets whose patience is over. They are in order of time.
func (s *runningStream) giveUp(order []waitingBeat, waiting map[int32]waitingBeat) []waitingBeat {
	now := monotonic()
	for len(order) > 0 && now-order[0].sentNs > s.spec.patienceNs() {
		first := order[0]
		order = order[1:]
		if still, ok := waiting[int32(first.fd)]; ok && still.at == first.at {
			delete(waiting, int32(first.fd))
			syscall.Close(first.fd)
		}
	}
	return order
}

func (s *runningStream) send(epoll int) (waitingBeat, error) {
	family := syscall.AF_INET6
	if len(s.from) == net.IPv4len {
		family = syscall.AF_INET
	}
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return waitingBeat{}, err
	}
	s.ownPort++
	if s.ownPort > streamLastPort {
		s.ownPort = streamFirstPort
	}
	if err := syscall.Bind(fd, sockaddr(s.from, s.ownPort)); err != nil {
		syscall.Close(fd)
		return waitingBeat{}, err
	}
	at := monotonic()
	beat := waitingBeat{at: s.noteSent(at), fd: fd, sentNs: at}
	payload := binary.BigEndian.AppendUint64(nil, uint64(beat.at))
	// What cannot be sent is not answered.
	_ = syscall.Sendto(fd, payload, 0, sockaddr(s.to, s.spec.Port))
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		syscall.Close(fd)
		return waitingBeat{}, err
	}
	return beat, nil
}

// tickEvery makes a timer (timerfd_create(2)) that is readable once per interval.
func tickEvery(interval time.Duration) (int, error) {
	fd, _, errno := syscall.RawSyscall(syscall.SYS_TIMERFD_CREATE, clockMonotonic, syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return 0, errno
	}
	each := syscall.NsecToTimespec(interval.Nanoseconds())
	spec := [2]syscall.Timespec{each, each}
	_, _, errno = syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
	if errno != 0 {
		syscall.Close(int(fd))
		return 0, errno
	}
	return int(fd), nil
}
