package main

import (
	"sync"
	"time"
)

type injection struct {
	// Wire is where the packet is put.
	Wire     string `json:"wire"`
	From     string `json:"from"`
	To       string `json:"to"`
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
}

const (
	// Tags are the source ports or echo identifiers that tell one injected packet from another.
	firstTag = 20_000
	lastTag  = 29_999
	// afterMarker is how long packets may be behind that were sent before the marker, on another processor or by a longer way.
	afterMarker = 5 * time.Millisecond
)

// markerOf goes between addresses for benchmarks (RFC 2544), which nothing governs: it shows that all before it are through.
func markerOf(wire string) injection {
	return injection{Wire: wire, From: "198.18.0.1", To: "198.18.0.2", Protocol: "UDP", Port: 9}
}

var lastUsedTag = struct {
	sync.Mutex
	tag int
}{tag: firstTag}

func nextTag() int {
	lastUsedTag.Lock()
	defer lastUsedTag.Unlock()
	lastUsedTag.tag++
	if lastUsedTag.tag > lastTag {
		lastUsedTag.tag = firstTag
	}
	return lastUsedTag.tag
}

// inject sends all packets and tells which came out again, wherever.
func (all *wires) inject(packets []injection, patience time.Duration) ([]bool, error) {
	var mu sync.Mutex
	arrived := make([]bool, len(packets))
	var keys []string
	defer func() { all.forget(keys) }()
	put := func(each injection, told func([]byte)) error {
		over, err := all.get(each.Wire)
		if err != nil {
			return err
		}
		packet, err := each.marshal(nextTag(), nil)
		if err != nil {
			return err
		}
		key := flowKey(packet)
		keys = append(keys, key)
		all.await(key, told)
		over.mu.Lock()
		defer over.mu.Unlock()
		return over.send(packet)
	}
	used := map[string]bool{}
	for i, each := range packets {
		used[each.Wire] = true
		err := put(each, func([]byte) {
			mu.Lock()
			defer mu.Unlock()
			arrived[i] = true
		})
		if err != nil {
			return nil, err
		}
	}
	deadline := time.After(patience)
	passed := make(chan struct{}, len(used))
	for name := range used {
		if err := put(markerOf(name), func([]byte) { passed <- struct{}{} }); err != nil {
			return nil, err
		}
	}
	for range used {
		select {
		case <-passed:
		case <-deadline:
		}
	}
	time.Sleep(afterMarker)
	mu.Lock()
	defer mu.Unlock()
	return append([]bool(nil), arrived...), nil
}
