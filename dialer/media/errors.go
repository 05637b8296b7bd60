package media

import (
	"errors"
	"fmt"
)

// Errors of a Factory.
var (
	// ErrNoPorts: every port is in use, in quarantine, or taken by another
	// process.
	ErrNoPorts = errors.New("media: no free RTP port")
	// ErrTooManyLegs: Options.MaxLegs legs are open.
	ErrTooManyLegs = errors.New("media: too many legs")
	// ErrClosed: the factory or leg was closed.
	ErrClosed = errors.New("media: closed")
)

// Errors of the negotiation; all but ErrNoAnswer mean a 488 to the offerer.
var (
	// ErrNoCommonCodec: the description has neither PCMU nor PCMA.
	ErrNoCommonCodec = errors.New("media: no common codec, PCMU or PCMA is needed")
	// ErrNoAudio: the description has no plain RTP audio stream, or refuses
	// it. errors.Is finds ErrNoCommonCodec in it too.
	ErrNoAudio = fmt.Errorf("media: no usable audio stream: %w", ErrNoCommonCodec)
	// ErrAddressFamily: the far end's media address cannot be reached from
	// the family of Options.BindIP. errors.Is finds ErrNoCommonCodec in it
	// too.
	ErrAddressFamily = fmt.Errorf("media: address family of the far end is not served: %w", ErrNoCommonCodec)
	// ErrNoAnswer: the final answer has no SDP, and no provisional one had.
	ErrNoAnswer = errors.New("media: no session description in the answer")
)
