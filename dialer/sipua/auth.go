package sipua

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// authTries is how often a request is sent again with credentials: once, and
// once more when only its nonce was stale.
const authTries = 2

var errChallenge = errors.New("no challenge that can be answered")

// inviteAgain builds the INVITE that answers a challenge: new branch, CSeq+1.
func (d *dialog) inviteAgain(res *sip.Response) (*sip.Request, error) {
	c := d.client
	name, chal, err := challengeOf(res)
	if err != nil {
		return nil, err
	}
	if c.tries >= authTries || (c.tries > 0 && !chal.Stale) {
		return nil, errors.New("credentials were refused")
	}
	d.seq++
	req := d.inviteRequest()
	if err := sign(req, name, chal, c.req.Username, c.req.Password); err != nil {
		return nil, err
	}
	return req, nil
}

// challengeOf picks the strongest challenge of a 401 or 407 that we can answer,
// and the header that answers it.
func challengeOf(res *sip.Response) (header string, best *digest.Challenge, err error) {
	from, header := "www-authenticate", "Authorization"
	if res.StatusCode == 407 {
		from, header = "proxy-authenticate", "Proxy-Authorization"
	}
	strength := 0
	for _, value := range headerValues(res, from) {
		chal, err := digest.ParseChallenge(value)
		if err != nil {
			continue
		}
		for i := range chal.QOP {
			chal.QOP[i] = strings.ToLower(strings.TrimSpace(chal.QOP[i]))
		}
		if !digest.CanDigest(chal) || unsafe(chal.Realm+chal.Nonce+chal.Opaque) {
			continue
		}
		rank := 1
		if strings.HasPrefix(strings.ToUpper(chal.Algorithm), "SHA-") {
			rank = 2
		}
		if rank > strength {
			strength, best = rank, chal
		}
	}
	if best == nil {
		return "", nil, errChallenge
	}
	return header, best, nil
}

// sign adds credentials to a request. The digest URI is the Request-URI as it
// goes on the wire, parameters included (RFC 3261 section 22.4).
func sign(req *sip.Request, header string, chal *digest.Challenge, username, password string) error {
	cred, err := digest.Digest(chal, digest.Options{
		Method: req.Method.String(), URI: req.Recipient.String(), Username: username, Password: password,
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(req.Body())), nil },
	})
	if err != nil {
		return err
	}
	req.AppendHeader(sip.NewHeader(header, cred.String()))
	return nil
}
