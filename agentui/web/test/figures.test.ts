import { expect, test } from "vitest";
import type { AgentLive, CampaignLive, Floor } from "../src/protocol.gen";
import { byNeed, byState, counts, figures, needs } from "../src/wallboard/figures";

const now = Date.parse("2026-11-24T15:00:00Z");
const agent = (name: string, part: Partial<AgentLive> = {}): AgentLive => ({
  id: Number(name.replace(/\D/g, "")) || 1,
  name,
  node: "n1",
  state: "ready",
  since: "2026-11-24T14:59:30Z",
  phone: "up",
  connected: true,
  calls: 0,
  ...part,
});

test("an agent who needs somebody comes first, then those at work, by name", () => {
  const list = [
    agent("A 10"),
    agent("A 9"),
    agent("A 1", { state: "offline", connected: false }),
    agent("A 2", { state: "talking" }),
    agent("A 3", { state: "wrap_up", since: "2026-11-24T14:50:00Z" }),
    agent("A 4", { state: "talking", phone: "down" }),
  ];
  expect(byNeed(list, now).map((a) => a.name)).toEqual(["A 3", "A 4", "A 2", "A 9", "A 10", "A 1"]);
  expect(needs(list[4]!, now)).toBe("Long wrap-up");
  expect(needs(agent("B", { connected: false }), now)).toBe("Screen away");
  expect(needs(agent("B", { state: "not_ready", since: "2026-11-24T14:29:00Z" }), now)).toBe("Long pause");
  expect(needs(agent("B"), now)).toBe("");
});

test("running campaigns come first, closed ones last", () => {
  const c = (name: string, state: CampaignLive["state"]) => ({ id: 1, name, state }) as CampaignLive;
  const sorted = byState([c("d", "closed"), c("b", "running"), c("c", "paused"), c("a", "running")]);
  expect(sorted.map((x) => x.name)).toEqual(["a", "b", "c", "d"]);
});

test("the figures stand against their targets, also where there is nothing yet", () => {
  const queue = { name: "main", talking: 0, answered: 0, abandoned: 0, service_level_seconds: 20 };
  const campaign = { id: 1, name: "Win back", state: "running", dialing: 1, ringing: 2, waiting: 0, dropped: 4, drop_rate: 0.029 } as CampaignLive;
  const floor: Floor = {
    at: "",
    campaigns: [campaign, { ...campaign, name: "Old", state: "closed", drop_rate: 0.5 }],
    queues: [
      { ...queue, waiting: 1, longest_seconds: 25, offered: 30, service_level: 0.9 },
      { ...queue, waiting: 2, longest_seconds: 5, offered: 10, service_level: 0.5 },
    ],
    agents: [agent("A", { state: "talking" }), agent("B"), agent("C", { state: "offline" })],
    trunks: [],
  };
  const by = Object.fromEntries(figures(floor).map((f) => [f.key, [f.value, f.tone]]));
  expect(by).toMatchObject({ waiting: ["3", "bad"], service: ["80", "good"], dropped: ["2.9", "bad"], talking: ["1", ""], ready: ["1", ""] });
  const empty = figures({ at: "", campaigns: [], queues: [], agents: [], trunks: [] });
  expect(empty.map((f) => f.value)).toEqual(["0", "–", "0.0", "0", "0", "0"]);
});

test("a campaign is held against the limit that binds it", () => {
  const c = (name: string, drop_rate: number, drop_limit: number) =>
    ({ id: 1, name, state: "running", dropped: 2, drop_rate, pacing: { drop_limit } }) as CampaignLive;
  const dropped = figures({ at: "", campaigns: [c("Loose", 0.015, 0.03), c("Strict", 0.012, 0.01)], queues: [], agents: [], trunks: [] })[2];
  expect(dropped).toMatchObject({ value: "1.2", tone: "bad", note: "Strict, 2 today; limit 1 %" });
});

test("tallies are written the largest first, without zeros", () => {
  expect(counts({ busy: 2, answered: 9, failed: 0 })).toEqual([
    ["answered", 9],
    ["busy", 2],
  ]);
  expect(counts(undefined)).toEqual([]);
});
