// Package pacing decides how many dials to start now. It is pure: no clock,
// goroutine or I/O, and the same inputs give the same decisions, so production
// and simulation run the same code.
//
// Share gives each campaign its part of the ready agents, Decide turns that part
// into a number of dials for progressive and ratio dialing. An agent who works
// for several campaigns counts for one at a time: dials under way are covered
// first, what is left is dealt out evenly, so that two campaigns never dial for
// the same agent. Agents whose phone is rung per call are not counted, because an
// answered customer cannot wait for it. Ratio dialing keeps to the lines that may
// all be answered at once without passing the limit on dropped calls.
//
// Predictor paces a predictive campaign. It forecasts for each call in the air
// the chance that a person answers soon (rings: the candidate's own chance put
// right by Bayes for how long the call has rung), for each busy agent the chance
// to be free by then (forecast: empirical survival of talk and wrap-up, by the
// agent's own pace and the signs of the agent's screen), and from both the risk
// that one more answer finds nobody (overflow). It dials while this risk is below
// what the budget accepts, and budget follows the drops that the limit still
// allows: what the forecasts get wrong changes how busy agents are, never the
// drop rate. A call that has rung for its lawful time may be given up when its
// answer would most likely be lost. Campaigns that share agents see each other's
// calls in the air, and keep to the risk that the most careful of them accepts, so
// that none drops another's customers beyond its limit. When nothing can be predicted, each ready
// agent gets one call, as in progressive dialing, and the decision says so.
//
// No drop is risked before the answers so far pay for one, 34 answers at a limit
// of 3 %; that holds the rate at every count, which a fixed number of answers
// before prediction begins would not.
//
// A Predictor is for one goroutine. After its tables have grown to the size of
// the floor it allocates nothing.
package pacing
