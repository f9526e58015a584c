// Command prober serves and probes TCP, UDP and SCTP in many network namespaces from one process.
//
// It reads requests from standard input and writes answers to standard output, one JSON object a line, in any order:
//
//	{"id":1,"op":"serve","listeners":[{"netns":"/run/netns/a","protocol":"TCP","ip":"10.244.1.1","port":80}]}
//	{"id":2,"op":"probe","probes":[{"netns":"/run/netns/b","protocol":"TCP","from":"10.244.1.2","to":"10.244.1.1","port":80,"timeoutMs":400}]}
//	{"id":3,"op":"forget","netns":"/run/netns/a"}
//	{"id":4,"op":"stream","stream":{"name":"s","netns":"/run/netns/b","from":"10.244.1.2","to":"10.244.1.1","port":80,"intervalUs":1000}}
//	{"id":5,"op":"beats","name":"s"}
//	{"id":6,"op":"end","name":"s"}
//	{"id":7,"op":"inject","netns":"/run/netns/c","in":"in0","out":"out0","router":"02:00:00:00:00:02","packets":[{"from":"10.244.1.2","to":"10.244.1.1","protocol":"TCP","port":80}],"timeoutMs":1000}
//
//	{"id":1}
//	{"id":2,"outcomes":["open"]}
//	{"id":3,"error":"…"}
//	{"id":5,"sentNs":[123456789],"answered":[true]}
//	{"id":7,"arrived":[true]}
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
)

type request struct {
	ID        int64      `json:"id"`
	Op        string     `json:"op"`
	Netns     string     `json:"netns"`
	Name      string     `json:"name"`
	Stream    stream     `json:"stream"`
	Listeners []listener `json:"listeners"`
	Probes    []probe    `json:"probes"`
	// Of inject: the devices in the namespace, and the router's hardware address on the first one's link.
	In        string      `json:"in"`
	Out       string      `json:"out"`
	Router    string      `json:"router"`
	Packets   []injection `json:"packets"`
	TimeoutMs int         `json:"timeoutMs"`
}

type answer struct {
	ID       int64     `json:"id"`
	Outcomes []outcome `json:"outcomes,omitempty"`
	SentNs   []int64   `json:"sentNs,omitempty"`
	Answered []bool    `json:"answered,omitempty"`
	Arrived  []bool    `json:"arrived,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func answerTo(world *namespaces, running *streams, req request) answer {
	var err error
	reply := answer{ID: req.ID}
	switch req.Op {
	case "serve":
		err = serveAll(world, req.Listeners)
	case "probe":
		reply.Outcomes, err = probeAll(world, req.Probes)
	case "forget":
		world.forget(req.Netns)
	case "stream":
		err = running.start(req.Stream)
	case "beats":
		var s *runningStream
		if s, err = running.get(req.Name); err == nil {
			reply.SentNs, reply.Answered = s.read()
		}
	case "end":
		err = running.end(req.Name)
	case "inject":
		reply.Arrived, err = injectAll(world, req)
	default:
		err = fmt.Errorf("unknown op %q", req.Op)
	}
	if err != nil {
		return answer{ID: req.ID, Error: err.Error()}
	}
	return reply
}

func main() {
	world := newNamespaces()
	running := newStreams()
	out := json.NewEncoder(os.Stdout)
	var writing sync.Mutex
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var req request
		if err := in.Decode(&req); err != nil {
			return
		}
		go func() {
			reply := answerTo(world, running, req)
			writing.Lock()
			defer writing.Unlock()
			if err := out.Encode(reply); err != nil {
				os.Exit(1)
			}
		}()
	}
}
