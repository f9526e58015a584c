package main

import (
	"encoding/binary"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// A ring is where the kernel puts the frames of a packet socket (packet(7), PACKET_RX_RING): unlike the socket's own
// buffer it holds what arrives in seconds of a busy machine, without any right outside of the sandbox.
type ring struct {
	fd     int
	memory []byte
	at     int
}

const (
	packetRxRing = 5
	// Frames are cut to fit, which leaves more than headers and the number in them need.
	ringFrame     = 256
	ringBlock     = 1 << 16
	ringBlocks    = 64
	ringFrames    = ringBlocks * (ringBlock / ringFrame)
	statusUser    = 1
	pollIn        = 1
	ringSnapLen   = 12
	ringMacOffset = 16
)

func newRing(fd int) (*ring, error) {
	request := [4]uint32{ringBlock, ringBlocks, ringFrame, ringFrames}
	_, _, errno := syscall.Syscall6(syscall.SYS_SETSOCKOPT, uintptr(fd), syscall.SOL_PACKET, packetRxRing,
		uintptr(unsafe.Pointer(&request)), unsafe.Sizeof(request), 0)
	if errno != 0 {
		return nil, errno
	}
	memory, err := syscall.Mmap(fd, 0, ringBlock*ringBlocks, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return &ring{fd: fd, memory: memory}, err
}

func (r *ring) header() []byte {
	return r.memory[r.at*ringFrame : (r.at+1)*ringFrame]
}

// status is the low half of tpacket_hdr's tp_status.
func (r *ring) status() *uint32 {
	return (*uint32)(unsafe.Pointer(&r.header()[0]))
}

// next is the frame that came first of those that were not released yet, nil where there is none.
func (r *ring) next() []byte {
	if atomic.LoadUint32(r.status())&statusUser == 0 {
		return nil
	}
	header := r.header()
	length := int(binary.NativeEndian.Uint32(header[ringSnapLen:]))
	mac := int(binary.NativeEndian.Uint16(header[ringMacOffset:]))
	return header[mac:min(mac+length, len(header))]
}

func (r *ring) release() {
	atomic.StoreUint32(r.status(), 0)
	r.at = (r.at + 1) % ringFrames
}

// wait returns when there may be a frame, or after a while; false if the socket is no longer usable.
func (r *ring) wait(patience time.Duration) bool {
	type pollFd struct {
		fd              int32
		events, revents int16
	}
	look := pollFd{fd: int32(r.fd), events: pollIn}
	limit := syscall.NsecToTimespec(int64(patience))
	_, _, errno := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&look)), 1, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	return errno == 0 || errno == syscall.EINTR
}
