// Package ingest reads lists into campaigns: a CSV file of any size becomes
// contacts, numbers and candidates, and every row that cannot becomes a line of
// the rejects file with the reason.
//
// # A file or a row
//
// What is wrong with the file as a whole (encoding, header, an unclosed quote)
// is found by reading it once from end to end before anything is written, so
// that such a file changes nothing. What is wrong with one row rejects that row
// and never stops the import. An input that cannot be read twice, such as a
// pipe, is first copied to a temporary file.
//
// Rows are named by the line of the file on which they start, the header being
// line 1.
//
// # Merging
//
// The Store decides which rows are the same person; see its documentation. The
// file overrules what is known, but only where a cell is not empty; within one
// file the first row of a person wins, later ones fill gaps. So a file that is
// imported again changes nothing.
//
// # Other systems
//
// A preset reads what another system exports; VICIDIAL.md guides through the one
// there is. A lead brings along where it stands: Row.Past, which the Store turns
// into a state by the campaign's own rules. ImportHistory reads the calls that
// the other system has made.
//
// # Concurrency and shutdown
//
// Import reads in one goroutine, parses in as many as there are processors and
// merges in the caller's, in the order of the file. At most a handful of batches
// are in memory. All goroutines have stopped when it returns; cancelling the
// context stops it after the batch at hand, and what was merged stays merged:
// importing the file again finishes the work.
package ingest
