// Package calling decides whether a person may be called now: calling windows
// in every zone the number may lie in, suppression, complaints, caps over all
// campaigns, and what is already under way. It is pure: the facts and the
// business time are parameters, and the same Decide serves the reserve
// transaction, the engine, campaign why and the tests.
//
// The rules of jurisdictions are data: rules/rules.json, in which each rule names
// its source and how well that was verified. A Book holds them and merges those
// that bind a call into a Law: hours intersect, the least of the caps and limits
// holds, the longest of the periods, and consent where any rule asks for it. An
// unknown jurisdiction means no call. A rule begins and ends by the date of the
// place, so it binds on each day of UTC that holds a moment of its days, and a
// Law may be kept for such a day. Parts of a rule that depend on what is not
// known here (one subject of several) are taken in the stricter way. Where a place
// moves holidays that fall on a weekend, or may, both days are closed. A consent
// relieves of a rule's hours only where the rule says so and the consent names
// hours, which take their place. The register of a country may be that of any file
// whose list does not name another one.
//
// Decide takes Facts.Law from Book.Law for the jurisdictions that
// phone.Jurisdictions gives. A Law is shared without locks, and has what it needs
// for a decision merged beforehand: Decide allocates nothing where the zones are
// loaded.
//
// A window is decided by the local clock of each zone, minute by minute, so
// that a day with a shift of daylight saving time has the hours that its people
// see: an hour that the clock skips opens nothing, one that it shows twice is
// judged twice. Hours that reach midnight go on into the next day's where those
// begin at midnight. An unknown zone means no call.
//
// The package keeps no state, not even loaded time zones: Facts.Locations takes
// those that a caller keeps.
package calling
