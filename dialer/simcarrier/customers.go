package simcarrier

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Customers pins E.164 numbers to what they do at the first, second, … try;
// the last entry holds for all later ones.
type Customers map[string][]Behaviour

// ReadCustomers reads a CSV of "number,behaviour[,behaviour of the second
// try…]". Empty lines, lines that begin with # and a header line beginning
// with "number" are skipped. An error names the line.
func ReadCustomers(r io.Reader) (Customers, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = -1
	rows.TrimLeadingSpace = true
	rows.Comment = '#'
	pins := Customers{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return pins, nil
		}
		if err != nil {
			return nil, fmt.Errorf("simcarrier: customers: %w", err)
		}
		line, _ := rows.FieldPos(0)
		if line == 1 && strings.EqualFold(row[0], "number") {
			continue
		}
		number := strings.TrimSpace(row[0])
		if len(row) < 2 {
			return nil, fmt.Errorf("simcarrier: customers: line %d: %q has no behaviour", line, number)
		}
		if _, twice := pins[number]; twice {
			return nil, fmt.Errorf("simcarrier: customers: line %d: %q is given twice", line, number)
		}
		one := Customers{}
		for _, field := range row[1:] {
			one[number] = append(one[number], Behaviour(strings.TrimSpace(field)))
		}
		if err := one.validate(); err != nil {
			return nil, fmt.Errorf("simcarrier: customers: line %d: %w", line, err)
		}
		pins[number] = one[number]
	}
}

func (c Customers) validate() error {
	known := Behaviours()
	for number, list := range c {
		if !isE164(number) {
			return fmt.Errorf("%q is not an E.164 number with a leading +", number)
		}
		if len(list) == 0 {
			return fmt.Errorf("%q has no behaviour", number)
		}
		for _, b := range list {
			if !slices.Contains(known, b) {
				return fmt.Errorf("%q of %s is not a behaviour (use one of %v)", b, number, known)
			}
		}
	}
	return nil
}
