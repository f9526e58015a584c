package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"
)

// A pulse sends the same first packet of a connection again and again, and knows for each one whether it should come
// through at that moment. Nobody answers, so conntrack takes every packet for a new one and the rules judge them all.

type pulse struct {
	injection
	// Tag is the source port: another one for each pulse.
	Tag int `json:"tag"`
}

// expectation is what should become of packets: 'a' they arrive, 'd' they do not, '?' either.
type expectation byte

const (
	arrives expectation = 'a'
	denied  expectation = 'd'
)

// An odd is a run of packets of one pulse, one after the other, that did not do as expected.
type odd struct {
	Pulse int `json:"pulse"`
	// Leak: they came through. Otherwise they were lost.
	Leak    bool  `json:"leak"`
	Packets int   `json:"packets"`
	Step    int   `json:"step"`
	FirstNs int64 `json:"firstNs"`
	LastNs  int64 `json:"lastNs"`
}

type pulseReport struct {
	// Sent while something definite was expected, and in all.
	Denied  int   `json:"denied"`
	Allowed int   `json:"allowed"`
	Sent    int   `json:"sent"`
	Odd     []odd `json:"odd"`
}

type pulseBeat struct {
	sentNs   int64
	expected expectation
	step     int
	arrived  bool
}

// underWayNs is how long a packet may take from one wire to the other: microseconds, or until a busy machine comes round.
const underWayNs = int64(500 * time.Millisecond)

type runningPulse struct {
	spec  pulse
	way   *wire
	frame []byte
	// beats without a reported outcome; the first is the base-th of all.
	beats []pulseBeat
	base  uint32
}

type pulses struct {
	mu       sync.Mutex
	over     *wires
	running  []*runningPulse
	keys     []string
	expected []expectation
	step     int
	stop     chan struct{}
	ended    chan struct{}
}

func (p *pulses) start(over *wires, specs []pulse, interval time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil {
		return fmt.Errorf("pulses run already")
	}
	for i, spec := range specs {
		way, err := over.get(spec.Wire)
		if err != nil {
			return err
		}
		each := &runningPulse{spec: spec, way: way}
		packet, err := each.packet(0)
		if err != nil {
			return err
		}
		key := flowKey(packet)
		p.keys = append(p.keys, key)
		over.await(key, func(packet []byte) { p.arrived(i, packet) })
		p.running = append(p.running, each)
		p.expected = append(p.expected, '?')
	}
	p.over = over
	p.stop, p.ended = make(chan struct{}), make(chan struct{})
	go p.run(interval)
	return nil
}

// packet bears its number in its last four bytes.
func (r *runningPulse) packet(number uint32) ([]byte, error) {
	return r.spec.marshal(r.spec.Tag, binary.BigEndian.AppendUint32(nil, number))
}

func (p *pulses) run(interval time.Duration) {
	defer close(p.ended)
	// Spread over the interval, so that no burst fills a queue.
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for half := 0; ; half ^= 1 {
		select {
		case <-p.stop:
			return
		case <-tick.C:
		}
		for i := half; i < len(p.running); i += 2 {
			p.beat(i)
		}
	}
}

func (p *pulses) beat(i int) {
	each := p.running[i]
	p.mu.Lock()
	number := each.base + uint32(len(each.beats))
	each.beats = append(each.beats, pulseBeat{sentNs: monotonic(), expected: p.expected[i], step: p.step})
	p.mu.Unlock()
	packet, err := each.packet(number)
	if err == nil {
		each.way.mu.Lock()
		err = each.way.send(packet)
		each.way.mu.Unlock()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := number - each.base; int(at) < len(each.beats) && (err != nil || p.expected[i] != each.beats[at].expected) {
		// What was expected changed while it was under way, or it never was.
		each.beats[at].expected = '?'
	}
}

func (p *pulses) arrived(i int, packet []byte) {
	number := binary.BigEndian.Uint32(packet[len(packet)-4:])
	p.mu.Lock()
	defer p.mu.Unlock()
	if i >= len(p.running) {
		return
	}
	each := p.running[i]
	if at := number - each.base; int(at) < len(each.beats) {
		each.beats[at].arrived = true
	}
}

// expect says from now on what should become of each pulse's packets, and to which step they count.
func (p *pulses) expect(step int, expected string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(expected) != len(p.expected) {
		return fmt.Errorf("%d pulses, %d expectations", len(p.expected), len(expected))
	}
	p.step = step
	for i := range expected {
		p.expected[i] = expectation(expected[i])
	}
	return nil
}

// read reports the packets since the last call whose outcome is known.
func (p *pulses) read() pulseReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	report := pulseReport{Odd: []odd{}}
	// What had come out by then was counted; whoever reads the wires may be kept waiting longer than that.
	if p.over == nil {
		return report
	}
	known := p.over.emptyNs() - underWayNs
	for i, each := range p.running {
		told := 0
		// Position in the report of the run under way, -1 where there is none.
		last := -1
		for told < len(each.beats) && each.beats[told].sentNs < known {
			beat := each.beats[told]
			told++
			report.Sent++
			switch beat.expected {
			case arrives:
				report.Allowed++
			case denied:
				report.Denied++
			default:
				last = -1
				continue
			}
			if (beat.expected == arrives) == beat.arrived {
				last = -1
				continue
			}
			if last < 0 || report.Odd[last].Leak != beat.arrived || report.Odd[last].Step != beat.step {
				report.Odd = append(report.Odd, odd{Pulse: i, Leak: beat.arrived, Step: beat.step, FirstNs: beat.sentNs})
				last = len(report.Odd) - 1
			}
			report.Odd[last].Packets++
			report.Odd[last].LastNs = beat.sentNs
		}
		each.beats = append([]pulseBeat(nil), each.beats[told:]...)
		each.base += uint32(told)
	}
	return report
}

func (p *pulses) end() {
	p.mu.Lock()
	stop := p.stop
	p.mu.Unlock()
	if stop == nil {
		return
	}
	close(stop)
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over.forget(p.keys)
	p.running, p.expected, p.stop, p.keys = nil, nil, nil, nil
}
