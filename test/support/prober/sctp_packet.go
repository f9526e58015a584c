package main

import (
	"encoding/binary"
	"hash/crc32"
)

// The few SCTP packets (RFC 9260) that tell whether an association could begin.

type chunkType byte

const (
	chunkInit    chunkType = 1
	chunkInitAck chunkType = 2
	chunkAbort   chunkType = 6
)

const (
	// commonHeader is ports, verification tag and checksum (RFC 9260, 3.1).
	commonHeader = 12
	chunkHeader  = 4
	// initBody is initiate tag, window, streams out and in, initial TSN (3.3.2).
	initBody = 16
	// cookieParameter is the type of the state cookie that each INIT ACK must carry (3.3.3.1).
	cookieParameter = 7
)

type sctpPacket struct {
	source, destination uint16
	// tag is the verification tag: zero with INIT, else what the receiver asked for.
	tag  uint32
	kind chunkType
	// initiateTag is what the sender of INIT or INIT ACK asks to be addressed by.
	initiateTag uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is CRC32c over the packet with a zero checksum field (RFC 9260, appendix A).
func checksum(packet []byte) uint32 {
	sum := crc32.Update(0, castagnoli, packet[:8])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	return crc32.Update(sum, castagnoli, packet[commonHeader:])
}

func (p sctpPacket) marshal() []byte {
	body := p.body()
	packet := make([]byte, commonHeader+chunkHeader, commonHeader+chunkHeader+len(body))
	binary.BigEndian.PutUint16(packet[0:], p.source)
	binary.BigEndian.PutUint16(packet[2:], p.destination)
	binary.BigEndian.PutUint32(packet[4:], p.tag)
	packet[commonHeader] = byte(p.kind)
	binary.BigEndian.PutUint16(packet[commonHeader+2:], uint16(chunkHeader+len(body)))
	packet = append(packet, body...)
	binary.LittleEndian.PutUint32(packet[8:], checksum(packet))
	return packet
}

func (p sctpPacket) body() []byte {
	if p.kind == chunkAbort {
		return nil
	}
	body := make([]byte, initBody)
	binary.BigEndian.PutUint32(body[0:], p.initiateTag)
	binary.BigEndian.PutUint32(body[4:], 65_535)
	binary.BigEndian.PutUint16(body[8:], 1)
	binary.BigEndian.PutUint16(body[10:], 1)
	binary.BigEndian.PutUint32(body[12:], p.initiateTag)
	if p.kind == chunkInitAck {
		cookie := make([]byte, 8)
		binary.BigEndian.PutUint16(cookie[0:], cookieParameter)
		binary.BigEndian.PutUint16(cookie[2:], uint16(len(cookie)))
		binary.BigEndian.PutUint32(cookie[4:], p.tag)
		body = append(body, cookie...)
	}
	return body
}

// parseSCTP reads a packet's first chunk; ok is false for anything malformed or with a wrong checksum.
func parseSCTP(packet []byte) (p sctpPacket, ok bool) {
	if len(packet) < commonHeader+chunkHeader || binary.LittleEndian.Uint32(packet[8:]) != checksum(packet) {
		return p, false
	}
	p = sctpPacket{
		source:      binary.BigEndian.Uint16(packet[0:]),
		destination: binary.BigEndian.Uint16(packet[2:]),
		tag:         binary.BigEndian.Uint32(packet[4:]),
		kind:        chunkType(packet[commonHeader]),
	}
	body := packet[commonHeader+chunkHeader:]
	if p.kind == chunkInit || p.kind == chunkInitAck {
		if len(body) < initBody {
			return p, false
		}
		p.initiateTag = binary.BigEndian.Uint32(body)
	}
	return p, true
}
