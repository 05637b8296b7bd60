// What a candidate that is shown before it is dialed looks like to the page.
import type { AgentSnapshot, CallView, PreviewAction } from "../protocol.gen";

/** shownCall gives the agent's call, or the one that a preview would become. */
export function shownCall(s: AgentSnapshot): CallView | undefined {
  if (s.call) return s.call;
  const p = s.preview;
  if (!p) return undefined;
  return {
    call_id: "",
    direction: "outbound",
    stage: "dialing",
    campaign: p.campaign,
    campaign_id: p.campaign_id,
    number: p.number,
    ...(p.pop ? { pop: p.pop } : {}),
  };
}

/** secondsLeft is how long the agent may still look, never below zero. */
export function secondsLeft(until: string, now: number): number {
  return Math.max(0, Math.ceil((Date.parse(until) - now) / 1000));
}

/** follows says what happens when the time is over. */
export const follows: Record<PreviewAction, string> = {
  dial: "then it is dialed",
  skip: "then it is skipped",
  pause: "then you are not ready",
};

/** skips are the reasons that the page offers for a skip. */
export const skips = ["later", "called recently", "wrong person", "not for me"];

/** keyOf gives what a key asks for, unless somebody is typing. */
export function keyOf(key: string, typing: boolean): "dial" | "skip" | undefined {
  if (typing) return undefined;
  return key === "d" ? "dial" : key === "s" ? "skip" : undefined;
}
