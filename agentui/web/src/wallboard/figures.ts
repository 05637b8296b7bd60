import type { AgentLive, AgentState, CampaignLive, CampaignState, Floor } from "../protocol.gen";
import { clock, since } from "../base/format";

export type Tone = "" | "good" | "warn" | "bad";

/** One of the large figures, with what it is held against. */
export interface Figure {
  key: string;
  label: string;
  value: string;
  unit?: string;
  note: string;
  tone: Tone;
}

/** The share of answered calls that may find no agent where nothing tells another; US safe harbor, per campaign. */
const dropLimit = 0.03;

/** limitOf is the drop limit that binds a campaign, as a fraction. */
export function limitOf(c: CampaignLive | undefined): number {
  return c?.pacing?.drop_limit || dropLimit;
}

/** figures sums the floor up in the few numbers that a room looks at. */
export function figures(f: Floor): Figure[] {
  const queues = f.queues ?? [];
  const campaigns = f.campaigns ?? [];
  const agents = f.agents ?? [];
  const sum = <T>(list: T[], of: (x: T) => number) => list.reduce((n, x) => n + of(x), 0);
  const waiting = sum(queues, (q) => q.waiting);
  const longest = Math.max(0, ...queues.map((q) => q.longest_seconds));
  const target = Math.max(0, ...queues.map((q) => q.service_level_seconds)) || 20;
  const offered = sum(queues, (q) => q.offered);
  const level = offered > 0 ? sum(queues, (q) => q.offered * q.service_level) / offered : 1;
  const used = (c: CampaignLive | undefined) => (c ? c.drop_rate / limitOf(c) : 0);
  const worst = campaigns.filter((c) => c.state !== "closed").reduce<CampaignLive | undefined>((w, c) => (used(c) > used(w) ? c : w), undefined);
  const count = (state: AgentState) => agents.filter((a) => a.state === state).length;
  const out = sum(campaigns, (c) => c.dialing + c.ringing);
  return [
    {
      key: "waiting",
      label: "Callers waiting",
      value: String(waiting),
      note: `longest ${clock(longest)} of ${clock(target)}`,
      tone: longest > target ? "bad" : waiting > 0 ? "warn" : "good",
    },
    {
      key: "service",
      label: "Service level",
      value: offered > 0 ? (100 * level).toFixed(0) : "–",
      unit: offered > 0 ? "%" : "",
      note: `answered within ${target} s; aim 80 %`,
      tone: offered === 0 ? "" : level >= 0.8 ? "good" : level >= 0.6 ? "warn" : "bad",
    },
    {
      key: "dropped",
      label: "Dropped",
      value: (100 * (worst?.drop_rate ?? 0)).toFixed(1),
      unit: "%",
      note: worst ? `${worst.name}, ${worst.dropped} today; limit ${plain(limitOf(worst))}` : `today; limit ${plain(dropLimit)}`,
      tone: dropTone(worst?.drop_rate ?? 0, limitOf(worst)),
    },
    { key: "talking", label: "Agents talking", value: String(count("talking")), note: `${count("wrap_up")} in wrap-up`, tone: "" },
    {
      key: "ready",
      label: "Agents ready",
      value: String(count("ready")),
      note: `of ${agents.filter((a) => a.state !== "offline").length} signed in`,
      tone: "",
    },
    {
      key: "out",
      label: "Calls going out",
      value: String(out),
      note: `${sum(campaigns, (c) => c.waiting)} answered, without an agent`,
      tone: sum(campaigns, (c) => c.waiting) > 0 ? "warn" : "",
    },
  ];
}

/** plain writes a limit without a needless decimal. */
function plain(limit: number): string {
  return `${Number((100 * limit).toFixed(1))} %`;
}

/** dropTone warns before the limit is reached: of 3 % from 2 % on, and from 2.8 % on louder. */
export function dropTone(rate: number, limit: number): Tone {
  const used = rate / limit;
  return used > 0.93 ? "bad" : used > 0.66 ? "warn" : "good";
}

const campaignOrder: CampaignState[] = ["running", "paused", "draft", "closed"];

/** byState puts running campaigns first, closed ones last. */
export function byState(list: CampaignLive[]): CampaignLive[] {
  const rank = (c: CampaignLive) => campaignOrder.indexOf(c.state);
  return [...list].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name) || a.id - b.id);
}

/** needs says why an agent needs somebody, empty when nothing is wrong. */
export function needs(a: AgentLive, now: number): string {
  if (a.state === "offline") return "";
  const spent = since(a.since, now);
  if (!a.connected) return "Screen away";
  if (a.phone === "down") return "Phone down";
  if (a.state === "wrap_up" && spent > 60) return "Long wrap-up";
  if (a.state === "not_ready" && spent > 1800) return "Long pause";
  return "";
}

const agentOrder: AgentState[] = ["talking", "reserved", "preview", "wrap_up", "ready", "not_ready", "offline"];

/** byNeed puts agents who need somebody first, then those at work, by name. */
export function byNeed(list: AgentLive[], now: number): AgentLive[] {
  const rank = (a: AgentLive) => (needs(a, now) ? -1 : agentOrder.indexOf(a.state));
  return [...list].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, undefined, { numeric: true }) || a.id - b.id);
}

/** counts writes a tally, the largest first. */
export function counts(tally: Partial<Record<string, number>> | undefined): [string, number][] {
  return Object.entries(tally ?? {})
    .map(([code, n]): [string, number] => [code, n ?? 0])
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}
