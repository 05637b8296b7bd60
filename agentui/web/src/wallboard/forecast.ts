import { explain, percent, words } from "../base/format";
import type { CampaignLive, PacingMode } from "../protocol.gen";
import { type Got, request } from "../wire/rest";
import type { Trouble } from "../wire/socket";

/** What POST /v1/campaigns/{id}/forecast takes of a change; what is absent stays. */
export interface ForecastQuery {
  limit?: number;
  agents?: number;
  algorithm?: string;
}

/** What a day is expected to come to; rates are fractions of 1. */
export interface ForecastFigures {
  occupancy: number;
  drop_rate: number;
  worst_seed_drop_rate: number;
  worst_hour_drop_rate: number;
  wait_s: number;
  dials_per_answer: number;
  answers: number;
  limit: number;
}

/** The answer of POST /v1/campaigns/{id}/forecast. */
export interface Forecast {
  from: string;
  until: string;
  calls: number;
  answered: number;
  algorithm: string;
  seeds: number;
  base: ForecastFigures;
  changed: ForecastFigures;
}

/** The knobs of the dialog; undefined leaves one as it is. */
export interface Change {
  mode: PacingMode;
  /** ratio is the number of lines per agent in mode ratio; undefined: the campaign's own. */
  ratio: number | undefined;
  /** limit is a fraction of 1. */
  limit: number | undefined;
  agents: number | undefined;
}

/** A day under some settings. */
export interface Day {
  algorithm: string;
  agents: number | undefined;
  figures: ForecastFigures;
}

/** Two days side by side, simulated from one that was. */
export interface Comparison {
  from: string;
  calls: number;
  answered: number;
  seeds: number;
  now: Day;
  changed: Day | undefined;
}

/** simulated names the modes that a forecast can be made for. */
export const simulated: PacingMode[] = ["predictive", "progressive", "ratio"];

/**
 * algorithmOf names the simulation of a mode. Where agents choose when to dial,
 * one call per ready agent stands for it.
 */
export function algorithmOf(mode: PacingMode, ratio: number): string {
  return mode === "ratio" ? `ratio:${ratio}` : mode === "predictive" ? "predictive" : "progressive";
}

/** compare asks for the campaign's last day as it is set now and as changed. */
export async function compare(c: CampaignLive, change: Change, signal: AbortSignal, ask = request): Promise<Got<Comparison>> {
  const path = `/v1/campaigns/${c.id}`;
  let ratio = 1;
  if (c.mode === "ratio") {
    const campaign = await ask<{ settings: { ratio: number } }>("GET", path, undefined, signal);
    if (!campaign.ok) return campaign;
    ratio = campaign.d.settings.ratio;
  }
  const now = algorithmOf(c.mode, ratio);
  const then = algorithmOf(change.mode, change.ratio ?? ratio);
  const forecast = (q: ForecastQuery) => ask<Forecast>("POST", `${path}/forecast`, q, signal);
  const knobs: ForecastQuery = { limit: change.limit, agents: change.agents };

  // One forecast holds both days where the mode stays; forecasts are made one
  // at a time.
  const first = await forecast(now === then ? { algorithm: now, ...knobs } : { algorithm: now });
  if (!first.ok) return first;
  const { from, calls, answered, seeds } = first.d;
  const found: Comparison = { from, calls, answered, seeds, now: { algorithm: now, agents: undefined, figures: first.d.base }, changed: undefined };
  if (now === then) {
    const same = change.limit === undefined && change.agents === undefined;
    if (!same) found.changed = { algorithm: then, agents: change.agents, figures: first.d.changed };
    return { ok: true, d: found };
  }
  const second = await forecast({ algorithm: then, ...knobs });
  if (!second.ok) return second;
  found.changed = { algorithm: then, agents: change.agents, figures: second.d.changed };
  return { ok: true, d: found };
}

/** One line of the table; a day that would break its limit is bad. */
export interface Row {
  name: string;
  now: string;
  changed: string;
  bad: [boolean, boolean];
}

/** table sets the two days against each other. */
export function table(c: Comparison): Row[] {
  const row = (name: string, of: (d: Day) => string, bad: (d: Day) => boolean = () => false): Row => ({
    name,
    now: of(c.now),
    changed: c.changed ? of(c.changed) : "",
    bad: [bad(c.now), c.changed ? bad(c.changed) : false],
  });
  return [
    row("Algorithm", (d) => words(d.algorithm.replace(":", " "))),
    row("Drop limit", (d) => percent(d.figures.limit)),
    row("Agents", (d) => (d.agents === undefined ? "as on that day" : `${d.agents} at most`)),
    row("Occupancy", (d) => percent(d.figures.occupancy)),
    row("Drop rate", (d) => percent(d.figures.drop_rate, 2), (d) => d.figures.drop_rate > d.figures.limit),
    // No hour is better than all of them together: then there was none with answers at both ends.
    row("Worst hour", ({ figures: f }) => (f.worst_hour_drop_rate < f.drop_rate ? "–" : percent(f.worst_hour_drop_rate, 2))),
    row("Wait for a call", (d) => `${d.figures.wait_s.toFixed(1)} s`),
    row("Dials per answer", (d) => d.figures.dials_per_answer.toFixed(2)),
    row("Answers a day", (d) => d.figures.answers.toFixed(0)),
  ];
}

/** basis says what a comparison was made from. */
export function basis(c: Comparison): string {
  const day = new Date(c.from).toLocaleDateString("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
  return `Simulated ${c.seeds} times from ${day} (UTC): ${c.calls} calls, ${c.answered} answered.`;
}

/** troubleOf says in plain words why there is no forecast. */
export function troubleOf(p: Trouble): string {
  switch (p.code) {
    case "conflict":
    case "unavailable":
      // These tell of calls that are missing and of another forecast, of no field.
      return `${words(p.detail || p.title)}.`;
    case "unauthorized":
      return "You are signed out. Sign in again; another tab will do.";
    default:
      return explain(p);
  }
}
