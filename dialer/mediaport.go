package dialer

import (
	"ringmaster/campaigns"
	"ringmaster/dialer/media"
)

// MediaFactory opens the RTP legs of calls; NewMedia gives one on package
// media.
type MediaFactory interface {
	NewLeg(cfg MediaConfig) (MediaLeg, error)
	// Bridge joins two legs and ends what is played on either.
	Bridge(a, b MediaLeg) MediaBridge
}

// MediaConfig configures one leg. The functions must not block.
type MediaConfig struct {
	// Label names the leg in logs; numbers in it are masked.
	Label string
	// KeepAlive sends silence while nothing else is sent.
	KeepAlive bool
	// OnDead is called when no media came for too long, OnDigit with each
	// DTMF digit; either may be nil.
	OnDead  func()
	OnDigit func(digit byte)
}

// MediaBridge joins two legs.
type MediaBridge interface{ Unbridge() }

// MediaLeg is one RTP leg.
type MediaLeg interface {
	// Offer gives our description.
	Offer() []byte
	// Accept answers an offer; to a nil one it gives our own.
	Accept(offer []byte) ([]byte, error)
	// Agree takes the answer to our offer, of a provisional response if early.
	Agree(answer []byte, early bool) error
	Sound() MediaSound
	Close()
}

// MediaSound is what is played and counted on a leg.
type MediaSound interface {
	// Confirm tells that the signalling confirmed the dialog.
	Confirm()
	// Play plays one of our own sounds; the channel is closed at its end.
	Play(s Sound) <-chan struct{}
	Hush()
	SendDTMF(digits string)
	Stats() campaigns.MediaStats
}

// Sound names what is played to a customer.
type Sound string

// The sounds. All but SoundMessage and SoundBeep play until they are ended.
const (
	// SoundRinging tells the agent of a manual call that the customer's phone
	// is called, SoundBeep that a call was put through.
	SoundRinging Sound = "ringing"
	SoundBeep    Sound = "beep"
	SoundComfort Sound = "comfort"
	SoundMessage Sound = "message"
	// SoundNothing is silence in place of a muted agent.
	SoundNothing Sound = "nothing"
)

// NewMedia joins the dialer to package media. safeHarbor is the safe-harbor
// message; nil: the placeholder of package media.
func NewMedia(f *media.Factory, safeHarbor *media.Prompt) MediaFactory {
	if safeHarbor == nil {
		safeHarbor = media.SafeHarborPrompt()
	}
	return &mediaPort{factory: f, prompts: map[Sound]*media.Prompt{
		SoundComfort: media.ComfortTone(),
		SoundMessage: safeHarbor,
	}}
}

type mediaPort struct {
	factory *media.Factory
	prompts map[Sound]*media.Prompt
}

// NewLeg implements MediaFactory.
func (p *mediaPort) NewLeg(cfg MediaConfig) (MediaLeg, error) {
	l, err := p.factory.NewLeg(media.LegConfig{
		Label: cfg.Label, KeepAlive: cfg.KeepAlive,
		OnEvent: func(e media.Event) {
			switch {
			case e.Kind == media.Dead && cfg.OnDead != nil:
				cfg.OnDead()
			case e.Kind == media.DTMF && cfg.OnDigit != nil:
				cfg.OnDigit(e.Digit)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return &mediaLeg{leg: l, port: p}, nil
}

// Bridge implements MediaFactory.
func (p *mediaPort) Bridge(a, b MediaLeg) MediaBridge {
	first, ok := a.(*mediaLeg)
	second, also := b.(*mediaLeg)
	if !ok || !also {
		return noBridge{}
	}
	return media.Bridge(first.leg, second.leg)
}

// noBridge stands for legs that are not of this factory, which cannot be
// joined.
type noBridge struct{}

// Unbridge implements MediaBridge.
func (noBridge) Unbridge() {}

type mediaLeg struct {
	leg  *media.Leg
	port *mediaPort
}

// Offer implements MediaLeg.
func (l *mediaLeg) Offer() []byte { return l.leg.Offer() }

// Accept implements MediaLeg.
func (l *mediaLeg) Accept(offer []byte) ([]byte, error) { return l.leg.Answer(offer) }

// Sound implements MediaLeg.
func (l *mediaLeg) Sound() MediaSound { return l }

// Close implements MediaLeg.
func (l *mediaLeg) Close() { l.leg.Close() }

// Confirm implements MediaSound.
func (l *mediaLeg) Confirm() { l.leg.SetConfirmed() }

// Hush implements MediaSound.
func (l *mediaLeg) Hush() { l.leg.StopPlay() }

// SendDTMF implements MediaSound.
func (l *mediaLeg) SendDTMF(digits string) { l.leg.SendDTMF(digits) }

// Agree implements MediaLeg.
func (l *mediaLeg) Agree(answer []byte, early bool) error {
	if early {
		return l.leg.SetEarly(answer)
	}
	return l.leg.SetAnswer(answer)
}

// Play implements MediaSound.
func (l *mediaLeg) Play(s Sound) <-chan struct{} {
	if prompt, ok := l.port.prompts[s]; ok {
		return l.leg.Play(prompt, s != SoundMessage)
	}
	switch s {
	case SoundRinging:
		return l.leg.PlayTone(media.Ringback())
	case SoundBeep:
		return l.leg.PlayTone(media.Beep())
	default:
		// A tone of no frequency is silence.
		return l.leg.PlayTone(media.ToneSpec{})
	}
}

// Stats implements MediaSound.
func (l *mediaLeg) Stats() campaigns.MediaStats {
	s := l.leg.Stats()
	return campaigns.MediaStats{
		Sent: int64(s.PacketsSent), Received: int64(s.PacketsReceived), Lost: int64(s.Lost), //nolint:gosec // counters of one call
		JitterMS: float64(s.Jitter.Microseconds()) / 1000,
	}
}
