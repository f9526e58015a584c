package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// request is one line to the agent; what it names is as in src/cluster/cni/cni-request.ts.
type request struct {
	Command     string          `json:"command"`
	ContainerID string          `json:"containerId"`
	Netns       string          `json:"netns,omitempty"`
	Interface   string          `json:"ifName"`
	Args        [][2]string     `json:"cniArgs"`
	Result      json.RawMessage `json:"result,omitempty"`
	DeadlineMs  int64           `json:"deadlineMs"`
}

// answer is the line that comes back.
type answer struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

const (
	// An agent that starts, or that another one takes over from, listens again after a moment.
	askAgainAfter = 50 * time.Millisecond
	// The agent says by itself that it is too late, and why: so much longer is waited for that word.
	graceForReason = 500 * time.Millisecond
	longestAnswer  = 64 * 1024
)

// ask tells the agent and waits for its word, asking again where it is not there, until the deadline. A negative deadline asks
// once.
func ask(socket string, what request, deadline time.Duration) error {
	once := deadline < 0
	if once {
		deadline = -deadline
	}
	end := time.Now().Add(deadline)
	for {
		what.DeadlineMs = max(1, time.Until(end).Milliseconds())
		isFinal, err := askOnce(socket, what, end.Add(graceForReason))
		if err == nil || isFinal || once {
			return err
		}
		if time.Until(end) < askAgainAfter {
			return fmt.Errorf("no agent answered within %v: %w", deadline, err)
		}
		time.Sleep(askAgainAfter)
	}
}

// askOnce reports whether asking again is of no use, and what went wrong.
func askOnce(socket string, what request, end time.Time) (bool, error) {
	connection, err := net.DialTimeout("unix", socket, time.Until(end))
	if err != nil {
		return false, err
	}
	defer connection.Close()
	if err := connection.SetDeadline(end); err != nil {
		return false, err
	}
	line, err := json.Marshal(what)
	if err != nil {
		return true, err
	}
	if _, err := connection.Write(append(line, '\n')); err != nil {
		return false, err
	}
	text, err := bufio.NewReader(io.LimitReader(connection, longestAnswer)).ReadBytes('\n')
	if err != nil {
		return false, fmt.Errorf("the agent hung up: %w", err)
	}
	var told answer
	if err := json.Unmarshal(text, &told); err != nil {
		return true, fmt.Errorf("the agent's answer cannot be read: %w", err)
	}
	if told.OK {
		return true, nil
	}
	if told.Reason == "" {
		told.Reason = "the agent gave no reason"
	}
	return true, errors.New(told.Reason)
}
