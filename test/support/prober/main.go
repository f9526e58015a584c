// Command prober serves and probes TCP, UDP and SCTP in many network namespaces from one process.
//
// It reads requests from standard input and writes answers to standard output, one JSON object a line, in any order:
//
//	{"id":1,"op":"serve","listeners":[{"netns":"/run/netns/a","protocol":"TCP","ip":"10.244.1.1","port":80}]}
//	{"id":2,"op":"probe","probes":[{"netns":"/run/netns/b","protocol":"TCP","from":"10.244.1.2","to":"10.244.1.1","port":80,"timeoutMs":400}]}
//	{"id":3,"op":"forget","netns":"/run/netns/a"}
//	{"id":4,"op":"stream","stream":{"name":"s","netns":"/run/netns/b","from":"10.244.1.2","to":"10.244.1.1","port":80,"intervalUs":1000,"patienceMs":200}}
//	{"id":5,"op":"beats","name":"s"}
//	{"id":6,"op":"end","name":"s"}
//	{"id":7,"op":"wire","wire":{"name":"w","netns":"/run/netns/c","in":"in0","out":"out0","router":"02:00:00:00:00:02"}}
//	{"id":8,"op":"inject","packets":[{"wire":"w","from":"10.244.1.2","to":"10.244.1.1","protocol":"TCP","port":80}],"timeoutMs":1000}
//	{"id":9,"op":"pulse","pulses":[{"wire":"w","from":"10.244.1.2","to":"10.244.1.1","protocol":"TCP","port":80,"tag":30000}],"intervalUs":2000}
//	{"id":10,"op":"expect","step":1,"expected":"d"}
//	{"id":11,"op":"pulses"}
//	{"id":12,"op":"still"}
//
//	{"id":1}
//	{"id":2,"outcomes":["open"]}
//	{"id":3,"error":"…"}
//	{"id":5,"sentNs":[123456789],"answered":[true]}
//	{"id":8,"arrived":[true]}
//	{"id":11,"pulses":{"denied":500,"allowed":0,"sent":500,"odd":[]}}
//
// An outcome is open (the peer answered as the protocol's server does), refused (it said that nobody listens: RST, ICMP
// port unreachable or ABORT), unreachable (the kernel or a router said that there is no way) or timeout.
// It ends with its standard input.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

type request struct {
	ID         int64       `json:"id"`
	Op         string      `json:"op"`
	Netns      string      `json:"netns"`
	Name       string      `json:"name"`
	Stream     stream      `json:"stream"`
	Flows      flows       `json:"flows"`
	Load       load        `json:"load"`
	Listeners  []listener  `json:"listeners"`
	Probes     []probe     `json:"probes"`
	Wire       wireSpec    `json:"wire"`
	Packets    []injection `json:"packets"`
	TimeoutMs  int         `json:"timeoutMs"`
	Pulses     []pulse     `json:"pulses"`
	IntervalUs int         `json:"intervalUs"`
	Step       int         `json:"step"`
	Expected   string      `json:"expected"`
}

type answer struct {
	ID       int64        `json:"id"`
	Outcomes []outcome    `json:"outcomes,omitempty"`
	SentNs   []int64      `json:"sentNs,omitempty"`
	AfterNs  []int64      `json:"afterNs,omitempty"`
	Answered []bool       `json:"answered,omitempty"`
	Yield    *yield       `json:"yield,omitempty"`
	Arrived  []bool       `json:"arrived,omitempty"`
	Pulses   *pulseReport `json:"pulses,omitempty"`
	Error    string       `json:"error,omitempty"`
}

// prober is all that lives on from one request to the next.
type prober struct {
	world   *namespaces
	streams *streams
	flows   *flowTable
	wires   *wires
	pulses  pulses
}

func (p *prober) answerTo(req request) answer {
	var err error
	reply := answer{ID: req.ID}
	switch req.Op {
	case "serve":
		err = serveAll(p.world, req.Listeners)
	case "probe":
		reply.Outcomes, err = probeAll(p.world, req.Probes)
	case "forget":
		p.world.forget(req.Netns)
	case "stream":
		err = p.streams.start(req.Stream)
	case "beats":
		var s *runningStream
		if s, err = p.streams.get(req.Name); err == nil {
			reply.SentNs, reply.AfterNs = s.read()
		}
	case "load":
		var y yield
		y, err = runLoad(req.Load)
		reply.Yield = &y
	case "end":
		err = p.streams.end(req.Name)
	case "open":
		err = p.flows.open(p.world, req.Flows)
	case "ask":
		reply.Answered = p.flows.ask(req.Name, time.Duration(req.TimeoutMs)*time.Millisecond)
	case "push":
		for _, server := range req.Listeners {
			err = p.flows.push(p.world, server, req.Name)
		}
	case "close":
		p.flows.close(req.Name)
	case "wire":
		err = p.wires.open(p.world, req.Wire)
	case "inject":
		reply.Arrived, err = p.wires.inject(req.Packets, time.Duration(req.TimeoutMs)*time.Millisecond)
	case "pulse":
		err = p.pulses.start(p.wires, req.Pulses, time.Duration(req.IntervalUs)*time.Microsecond)
	case "expect":
		err = p.pulses.expect(req.Step, req.Expected)
	case "pulses":
		report := p.pulses.read()
		reply.Pulses = &report
	case "still":
		p.pulses.end()
	default:
		err = fmt.Errorf("unknown op %q", req.Op)
	}
	if err != nil {
		return answer{ID: req.ID, Error: err.Error()}
	}
	return reply
}

func main() {
	all := &prober{world: newNamespaces(), streams: newStreams(), flows: newFlowTable(), wires: newWires()}
	out := json.NewEncoder(os.Stdout)
	var writing sync.Mutex
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var req request
		if err := in.Decode(&req); err != nil {
			return
		}
		go func() {
			reply := all.answerTo(req)
			writing.Lock()
			defer writing.Unlock()
			if err := out.Encode(reply); err != nil {
				os.Exit(1)
			}
		}()
	}
}
