package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
)

// The first packet of a connection, as raw bytes from the IP header on.

const (
	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58
	protocolSCTP   = 132
)

const (
	echoRequest   = 8
	echoRequestV6 = 128
	flagSYN       = 2
)

// sumOf is the Internet checksum of the parts, one after the other (RFC 1071); each but the last has an even length.
func sumOf(parts ...[]byte) uint16 {
	var sum uint32
	for _, part := range parts {
		for i := 0; i+1 < len(part); i += 2 {
			sum += uint32(part[i])<<8 | uint32(part[i+1])
		}
		if len(part)%2 == 1 {
			sum += uint32(part[len(part)-1]) << 8
		}
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// pseudoHeader is what TCP, UDP and ICMPv6 checksums cover of the IP header (RFC 9293, 3.1; RFC 8200, 8.1).
func pseudoHeader(from, to net.IP, protocol byte, length int) []byte {
	tail := make([]byte, 8)
	binary.BigEndian.PutUint32(tail, uint32(length))
	tail[7] = protocol
	return append(append(append([]byte{}, from...), to...), tail...)
}

func ipHeader(from, to net.IP, protocol byte, payload int) []byte {
	if len(from) == net.IPv4len {
		header := make([]byte, 20)
		header[0], header[8], header[9] = 0x45, 64, protocol
		binary.BigEndian.PutUint16(header[2:], uint16(20+payload))
		copy(header[12:], from)
		copy(header[16:], to)
		binary.BigEndian.PutUint16(header[10:], sumOf(header))
		return header
	}
	header := make([]byte, 40)
	header[0], header[6], header[7] = 0x60, protocol, 64
	binary.BigEndian.PutUint16(header[4:], uint16(payload))
	copy(header[8:], from)
	copy(header[24:], to)
	return header
}

// segment is the transport header of a packet that opens something; tag is its source port or echo identifier.
// load follows the header, in all but SCTP.
func (p injection) segment(from, to net.IP, tag uint16, load []byte) (protocol byte, body []byte, err error) {
	checksumAt := -1
	switch p.Protocol {
	case "TCP":
		protocol, body, checksumAt = protocolTCP, append(make([]byte, 20), load...), 16
		body[12], body[13] = 5<<4, flagSYN
		binary.BigEndian.PutUint16(body[14:], 64_000)
	case "UDP":
		protocol, body, checksumAt = protocolUDP, append(make([]byte, 12), load...), 6
		binary.BigEndian.PutUint16(body[4:], uint16(len(body)))
	case "SCTP":
		packet := sctpPacket{source: tag, destination: uint16(p.Port), kind: chunkInit, initiateTag: uint32(tag)}
		return protocolSCTP, packet.marshal(), nil
	case "other":
		body = append(make([]byte, 8), load...)
		binary.BigEndian.PutUint16(body[4:], tag)
		if len(from) == net.IPv4len {
			body[0] = echoRequest
			binary.BigEndian.PutUint16(body[2:], sumOf(body))
			return protocolICMP, body, nil
		}
		body[0] = echoRequestV6
		binary.BigEndian.PutUint16(body[2:], sumOf(pseudoHeader(from, to, protocolICMPv6, len(body)), body))
		return protocolICMPv6, body, nil
	default:
		return 0, nil, fmt.Errorf("unknown protocol %q", p.Protocol)
	}
	binary.BigEndian.PutUint16(body[0:], tag)
	binary.BigEndian.PutUint16(body[2:], uint16(p.Port))
	binary.BigEndian.PutUint16(body[checksumAt:], sumOf(pseudoHeader(from, to, protocol, len(body)), body))
	return protocol, body, nil
}

// marshal returns the packet, from the IP header on.
func (p injection) marshal(tag int, load []byte) ([]byte, error) {
	from, err := parseIP(p.From)
	if err != nil {
		return nil, err
	}
	to, err := parseIP(p.To)
	if err != nil {
		return nil, err
	}
	if len(from) != len(to) {
		return nil, errors.New("two families")
	}
	protocol, body, err := p.segment(from, to, uint16(tag), load)
	if err != nil {
		return nil, err
	}
	return append(ipHeader(from, to, protocol, len(body)), body...), nil
}

// flowKey is addresses, protocol, and ports or echo identifier; a router leaves these alone. Empty for anything short.
func flowKey(packet []byte) string {
	switch {
	case len(packet) >= 28 && packet[0]>>4 == 4:
		return string(packet[9:10]) + string(packet[12:20]) + tagOf(packet[9], packet[20:])
	case len(packet) >= 48 && packet[0]>>4 == 6:
		return string(packet[6:7]) + string(packet[8:40]) + tagOf(packet[6], packet[40:])
	default:
		return ""
	}
}

func tagOf(protocol byte, segment []byte) string {
	if protocol == protocolICMP || protocol == protocolICMPv6 {
		return string(segment[4:6])
	}
	return string(segment[0:4])
}
