package media

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

// maxSDP bounds a session description, bytes.
const maxSDP = 16 << 10

// parseSDP reads a session description into pion's types, tolerantly: pion's
// own reader refuses a whole description for a line out of order, a T.38
// stream, a bandwidth type it does not know, a session id that is no number or
// a missing last line end, all of which carriers send. Kept are the lines that
// an audio call needs (c=, m=, a=); the first of two c= lines in a section wins
// and everything else is passed over. Line ends may be CRLF, LF or CR.
//
// The error names the line that cannot be understood.
func parseSDP(b []byte) (*sdp.SessionDescription, error) {
	if len(b) > maxSDP {
		return nil, fmt.Errorf("sdp: %d bytes, at most %d are read", len(b), maxSDP)
	}
	d := &sdp.SessionDescription{}
	var media *sdp.MediaDescription
	version := false
	lines := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\r' || r == '\n' })
	for i, line := range lines {
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || len(key) != 1 {
			continue
		}
		var err error
		switch key {
		case "v":
			version = true
		case "c":
			var c *sdp.ConnectionInformation
			c, err = parseConnection(value)
			switch {
			case media != nil && media.ConnectionInformation == nil:
				media.ConnectionInformation = c
			case media == nil && d.ConnectionInformation == nil:
				d.ConnectionInformation = c
			}
		case "m":
			if media, err = parseMediaLine(value); err == nil {
				d.MediaDescriptions = append(d.MediaDescriptions, media)
			}
		case "a":
			name, content, _ := strings.Cut(value, ":")
			a := sdp.Attribute{Key: strings.ToLower(strings.TrimSpace(name)), Value: strings.TrimSpace(content)}
			if media != nil {
				media.Attributes = append(media.Attributes, a)
			} else {
				d.Attributes = append(d.Attributes, a)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("sdp: line %d: %w", i+1, err)
		}
	}
	if !version {
		return nil, errors.New("sdp: no v= line")
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, errors.New("sdp: no m= line")
	}
	return d, nil
}

func parseConnection(value string) (*sdp.ConnectionInformation, error) {
	fields := strings.Fields(value)
	if len(fields) != 3 || !strings.EqualFold(fields[0], "IN") {
		return nil, fmt.Errorf("c=%s: want \"IN IP4|IP6 address\"", value)
	}
	// A multicast address may carry "/ttl/count".
	address, _, _ := strings.Cut(fields[2], "/")
	return &sdp.ConnectionInformation{
		NetworkType: "IN", AddressType: strings.ToUpper(fields[1]),
		Address: &sdp.Address{Address: address},
	}, nil
}

func parseMediaLine(value string) (*sdp.MediaDescription, error) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return nil, fmt.Errorf("m=%s: want \"media port protocol formats\"", value)
	}
	number, _, _ := strings.Cut(fields[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("m=%s: port %q is not between 0 and 65535", value, number)
	}
	return &sdp.MediaDescription{MediaName: sdp.MediaName{
		Media:   strings.ToLower(fields[0]),
		Port:    sdp.RangedPort{Value: int(port)},
		Protos:  strings.Split(fields[2], "/"),
		Formats: fields[3:],
	}}, nil
}
