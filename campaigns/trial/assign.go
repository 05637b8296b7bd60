package trial

import (
	"crypto/sha256"
	"encoding/binary"
)

// Arm gives the arm, of arms alike in size, to which the person belongs. It
// follows from the person and the experiment's salt alone: it is the same at
// every look and on every node, and the arms of two salts are independent.
func Arm(salt string, personID int64, arms int) int {
	body := binary.BigEndian.AppendUint64([]byte(salt+"\n"), uint64(personID))
	sum := sha256.Sum256(body)
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(arms))
}
