import { percent } from "../base/format";
import type { CampaignLive } from "../protocol.gen";
import { dropTone, type Tone } from "./figures";

/** How near the drops are to their limit. */
export interface Drops {
  /** rate and limit as fractions of 1. */
  rate: number;
  limit: number;
  tone: Tone;
  allowed: string;
  /** rule names whose limit it is. */
  rule: string;
}

/** Why a campaign is dialed as it is, in the few words of the wallboard. */
export interface PacingWords {
  /** agents and lines are figures with what they mean; empty where nobody is staffed. */
  agents: [string, string][];
  lines: [string, string][];
  drops: Drops | undefined;
  /** bound says what holds dialing back; fallback that it dials without prediction. */
  bound: string;
  fallback: boolean;
}

/** pacingWords puts the figures in words; undefined where no node dials. */
export function pacingWords(c: CampaignLive): PacingWords | undefined {
  const p = c.pacing;
  if (!p || c.state === "closed" || c.state === "draft") return undefined;
  const placed = p.staffed > 0 && c.mode !== "manual" && c.mode !== "preview";
  const predictive = c.mode === "predictive" && p.staffed > 0;
  return {
    agents: placed
      ? [
          [String(p.staffed), p.staffed === 1 ? "agent" : "agents"],
          [String(p.ready), "ready"],
          [p.free_soon.toFixed(1), `free within ${p.soon_s.toFixed(0)} s`],
        ]
      : [],
    lines: placed
      ? [
          [String(p.ringing), "ringing"],
          [p.expected_answers.toFixed(1), "answers expected"],
        ]
      : [],
    drops:
      p.drop_limit > 0
        ? {
            rate: p.drop_rate,
            limit: p.drop_limit,
            tone: dropTone(p.drop_rate, p.drop_limit),
            allowed: p.credit < 10 ? Math.max(0, p.credit).toFixed(1) : p.credit.toFixed(0),
            rule: p.drop_rule ? `the rule ${p.drop_rule}` : "the campaign's own limit",
          }
        : undefined,
    bound: predictive ? (p.reason ?? "") : "",
    fallback: predictive && p.fallback,
  };
}

/** said is the part of why that the figures do not show already. */
export function said(c: CampaignLive): string {
  return c.pacing && /^\d+ agents, \d+ ready, /.test(c.why ?? "") ? "" : (c.why ?? "");
}

/** dropsInWords is for those who do not see the bar. */
export function dropsInWords(d: Drops): string {
  return `Drops ${percent(d.rate)} of ${percent(d.limit)}, by ${d.rule}`;
}
