package dialer

import (
	"time"

	"ringmaster/dialer/call"
	"ringmaster/dialer/leg"
	"ringmaster/dialer/trunk"
)

// ended says in the words of package trunk how a customer's leg ended.
func ended(f leg.Facts) trunk.Ended {
	return trunk.Ended{
		Code: f.Code, Q850: f.Q850, Local: f.Local, Saw18x: f.Saw18x, Answered: f.Answered, RetryAfter: f.RetryAfter,
		WeCancelled: f.WeCancelled || f.Stop == leg.StopRingTimeout,
	}
}

// judge classifies a failed try and remembers it for the trunk's health.
func (c *callActor) judge(f leg.Facts) call.Verdict {
	c.failed = f
	v := trunk.Judge(ended(f))
	if v.Alert != trunk.NoAlert {
		c.log.Warn("trunk alert", "alert", v.Alert, "trunk", c.trunkName(), "campaign", c.campaignID)
	}
	return call.Verdict{Outcome: v.Outcome, OtherTrunk: v.Failover}
}

// acquire takes a channel for the try: for a further one another trunk than
// those that failed.
func (c *callActor) acquire(try int, now time.Time) bool {
	var lease *trunk.Lease
	var ok bool
	if try > 1 && c.route != nil {
		lease, ok = c.route.Failover(now, ended(c.failed))
	} else {
		lease, ok = c.d.o.Trunks.Acquire(now)
	}
	c.route = lease
	return ok
}

func (c *callActor) trunkName() string {
	if c.route == nil {
		return ""
	}
	return c.route.Trunk().Name
}

// releaseRoute gives the channel back and tells the trunk how it went.
func (c *callActor) releaseRoute() {
	if c.route == nil {
		return
	}
	facts := c.machine.CustomerFacts()
	if facts.EndedAt.IsZero() {
		facts = c.failed
	}
	if facts.EndedAt.IsZero() {
		// No INVITE was sent: that tells nothing of the trunk.
		facts.Local = true
	}
	c.route.Release(time.Now(), ended(facts))
	c.route = nil
}
