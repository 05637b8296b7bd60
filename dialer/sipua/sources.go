package sipua

import "github.com/emiago/sipgo/sip"

// sourceLimit is the number of sources of one generation.
const sourceLimit = 20_000

// sources tells sipgo through which socket the sources of requests are answered,
// and makes it forget those that have not been heard for a whole generation.
type sources struct {
	limit         int
	current, past map[string]struct{}
}

// note remembers a source; self is the name of the listening socket in the pool.
func (s *sources) note(source string, pool *sip.ConnectionPool, self string) {
	if _, known := s.current[source]; known {
		return
	}
	if s.limit == 0 {
		s.limit = sourceLimit
	}
	if s.current == nil || len(s.current) >= s.limit {
		var gone []string
		for old := range s.past {
			if _, again := s.current[old]; !again {
				gone = append(gone, old)
			}
		}
		pool.DeleteMultiple(gone)
		s.past, s.current = s.current, make(map[string]struct{})
	}
	s.current[source] = struct{}{}
	if conn := pool.Get(self); conn != nil {
		pool.Add(source, conn)
	}
}
