// Package segment reads segment expressions: who of all contacts belongs to a
// campaign. An expression is parsed and type-checked once and then has two
// meanings that agree, one SQL predicate with parameters and one evaluation of
// a Person in memory:
//
//	contact.status == "lapsed" && contact.value > 300.0 &&
//		days_since(contact.left_at) < 60 && !contact.open_complaint
//
// The language is CEL (https://cel.dev) cut down to what both sides can do
// alike: the fields that Fields lists, the functions that Functions lists, and
// the operators == != < <= > >= && || ! + - * / ?: and in. No text of an
// expression ever becomes text of a statement: literals are parameters.
//
// # What is missing
//
// CEL ends an evaluation with an error where a field is missing, SQL knows a
// third truth value. Here every condition is either true or false:
//
//   - A missing text is "". has(contact.x) tells whether it is not.
//   - A number or a time may be missing: no attribute of the name, or one that
//     is no number or time. Computing with what is missing gives what is
//     missing, as does dividing by zero.
//   - A comparison with what is missing is false, whatever the operator: with
//     contact.left_at missing, both contact.left_at < now and contact.left_at !=
//     now are false, and !(contact.left_at < now) is true.
//
// # Numbers
//
// There is one kind of number, a double: 1 and 1.0 are the same, and 3 / 2 is
// 1.5. PostgreSQL ends a statement where a computation overflows or underflows.
// So a number beyond ±10^15, or nearer to zero than 10^-15 without being it,
// counts as missing, and the bounds of each computation are known when the
// expression is read: one that could leave the range of a double is refused.
//
// # Texts
//
// Texts compare by code points, not by the rules of a language, so that the
// server's locale makes no difference; lower and upper change letters that have
// one counterpart in the other case (Latin, Greek, Cyrillic, Armenian).
//
// # Concurrency
//
// A Segment is read only and safe for concurrent use. There is nothing to shut
// down. The checker's environment is built once per process, on first use.
package segment
