import { expect, test } from "vitest";
import type { CampaignLive, PacingLive } from "../src/protocol.gen";
import { Pacing } from "../src/wallboard/Pacing";
import { dropsInWords, pacingWords, said } from "../src/wallboard/why";
import { textOf } from "./fakes";

const sentence = "12 agents, 3 ready, 2.1 free within 11 s, 9 ringing expect 2.7 answers, drops 2.1 % of 3.0 %, 1.4 more allowed";
const pacing: PacingLive = {
  staffed: 12,
  ready: 3,
  free_soon: 2.14,
  soon_s: 11,
  ringing: 9,
  expected_answers: 2.71,
  drop_rate: 0.021,
  drop_limit: 0.03,
  drop_rule: "us-tsr",
  credit: 1.4,
  risk: 0.02,
  accepted: 0.018,
  fallback: false,
};
const campaign = (part: Partial<CampaignLive> = {}, of: Partial<PacingLive> = {}): CampaignLive =>
  ({ id: 3, name: "Autumn", state: "running", mode: "predictive", why: sentence, pacing: { ...pacing, ...of }, ...part }) as CampaignLive;

test("the strip says who is there, what is expected and what may be dropped", () => {
  const text = textOf(<Pacing c={campaign()} />).replace(/\s+/g, " ");
  expect(text).toBe("12 agents · 3 ready · 2.1 free within 11 s9 ringing → 2.7 answers expectedDrops 2.1 % of 3.0 % · 1.4 more allowed");
});

test("the fallback is told with its reason, and only where prediction was asked for", () => {
  const of: Partial<PacingLive> = { fallback: true, reason: "the campaign has just started" };
  expect(textOf(<Pacing c={campaign({}, of)} />)).toContain("One call per agent: the campaign has just started");
  expect(textOf(<Pacing c={campaign({ mode: "progressive" }, of)} />)).not.toContain("One call per agent");
  const capped = textOf(<Pacing c={campaign({}, { reason: "trunks, caps or candidates allow no more" })} />);
  expect(capped).toContain("Trunks, caps or candidates allow no more");
  expect(capped).not.toContain("One call per agent");
});

test("a campaign that no node dials has no strip, and one without agents only its drops", () => {
  expect(pacingWords(campaign({ pacing: undefined }))).toBeUndefined();
  expect(pacingWords(campaign({ state: "closed" }))).toBeUndefined();
  const empty = pacingWords(campaign({}, { staffed: 0, reason: "no agent is signed in" }));
  expect(empty).toMatchObject({ agents: [], lines: [], bound: "", fallback: false, drops: { rate: 0.021 } });
  expect(pacingWords(campaign({ mode: "preview" }))).toMatchObject({ agents: [], lines: [] });
  expect(pacingWords(campaign({}, { drop_limit: 0 }))?.drops).toBeUndefined();
});

test("the bar warns before its own limit, and names the rule", () => {
  const tone = (drop_rate: number, drop_limit: number) => pacingWords(campaign({}, { drop_rate, drop_limit }))?.drops?.tone;
  expect([tone(0.019, 0.03), tone(0.021, 0.03), tone(0.029, 0.03)]).toEqual(["good", "warn", "bad"]);
  expect([tone(0.005, 0.01), tone(0.008, 0.01), tone(0.02, 0.01)]).toEqual(["good", "warn", "bad"]);
  expect(dropsInWords(pacingWords(campaign())!.drops!)).toBe("Drops 2.1 % of 3.0 %, by the rule us-tsr");
  expect(dropsInWords(pacingWords(campaign({}, { drop_rule: undefined }))!.drops!)).toContain("the campaign's own limit");
  expect(pacingWords(campaign({}, { credit: -0.4 }))?.drops?.allowed).toBe("0.0");
  expect(pacingWords(campaign({}, { credit: 41.7 }))?.drops?.allowed).toBe("42");
});

test("why is said where the figures do not say it already", () => {
  expect(said(campaign())).toBe("");
  expect(said(campaign({ why: `${sentence}; one call for each ready agent: the campaign has just started` }))).toBe("");
  expect(said(campaign({ why: "the hopper is empty" }))).toBe("the hopper is empty");
  expect(said(campaign({ pacing: undefined }))).toBe(sentence);
  expect(said(campaign({ why: undefined }))).toBe("");
});
