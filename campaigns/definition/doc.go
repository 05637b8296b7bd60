// Package definition reads and writes campaigns as YAML files, and tells what
// differs between two versions of a campaign.
//
// # A file
//
// A file holds one campaign, or several separated by --- or in a list under the
// key campaigns. A campaign is its name and kind, perhaps the state that it is to
// be in, and the settings under their JSON names:
//
//	name: winback
//	kind: win_back
//	mode: ratio
//	ratio: 1.5
//	ring_timeout: 30s
//	window:
//	  mon-fri: 08:00-21:00
//	  sat: 09:00-18:00
//	person_cap: 3 per 24h
//
// What a file does not name is as by default of the kind, whatever the campaign
// had before: a file says all that a campaign is. Blocks and maps are filled over
// their default key by key, lists replace it; null takes a default away. Durations
// are 25s, 1h30m, 72h or 10.5d; a window names days, and those that it does not
// name are closed.
//
// # Problems
//
// Parse reports every problem that it finds with line and key: keys that are
// unknown or stand twice, values of the wrong form, settings that contradict each
// other, expressions and rules that their packages refuse. A file with a problem
// gives no campaign.
//
// # Concurrency
//
// Everything here is a pure function.
package definition
