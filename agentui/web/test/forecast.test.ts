import { describe, expect, test } from "vitest";
import type { CampaignLive, PacingMode } from "../src/protocol.gen";
import source from "../src/wallboard/forecast.ts?raw";
import { algorithmOf, basis, type Change, compare, type Forecast, table, troubleOf } from "../src/wallboard/forecast";
import type { request } from "../src/wire/rest";
import golden from "./forecast.json";
import { Shapes } from "./shapes";

test("query and forecast are what the server has", () => {
  const shapes = new Shapes(source);
  expect(shapes.check("ForecastQuery", golden.query)).toEqual([]);
  expect(shapes.check("Forecast", golden.forecast)).toEqual([]);
  const { wait_s: _, ...less } = golden.forecast.base;
  expect(shapes.check("ForecastFigures", less)).toEqual(["wait_s is missing"]);
});

const campaign = (mode: PacingMode) => ({ id: 3, name: "Autumn", state: "running", mode }) as CampaignLive;
const change = (part: Partial<Change>): Change => ({ mode: "predictive", ratio: undefined, limit: undefined, agents: undefined, ...part });
const never = new AbortController().signal;

/** server answers as the API does, and keeps what it was asked. */
function server(refuse?: { at: number; code: "conflict" | "unavailable"; detail: string }) {
  const asked: [string, string, unknown][] = [];
  const ask = (async (method: string, path: string, body: unknown) => {
    asked.push([method, path, body]);
    if (refuse?.at === asked.length) return { ok: false, problem: { title: "No", code: refuse.code, detail: refuse.detail } };
    if (method === "GET") return { ok: true, d: { settings: { ratio: 1.5 } } };
    return { ok: true, d: { ...golden.forecast, algorithm: (body as { algorithm: string }).algorithm } };
  }) as typeof request;
  return { asked, ask };
}

describe("compare", () => {
  test("asks once where the mode stays", async () => {
    const s = server();
    const answer = await compare(campaign("predictive"), change({ limit: 0.02, agents: 25 }), never, s.ask);
    expect(s.asked).toEqual([["POST", "/v1/campaigns/3/forecast", { algorithm: "predictive", limit: 0.02, agents: 25 }]]);
    expect(answer).toMatchObject({ ok: true, d: { now: { figures: { limit: 0.03 } }, changed: { agents: 25, figures: { limit: 0.02 } } } });
  });

  test("has one column where nothing is changed", async () => {
    const answer = await compare(campaign("progressive"), change({ mode: "progressive" }), never, server().ask);
    expect(answer.ok && answer.d.changed).toBeUndefined();
  });

  test("asks for the present mode and for the other one, one after the other", async () => {
    const s = server();
    const answer = await compare(campaign("ratio"), change({ limit: 0.02 }), never, s.ask);
    expect(s.asked).toEqual([
      ["GET", "/v1/campaigns/3", undefined],
      ["POST", "/v1/campaigns/3/forecast", { algorithm: "ratio:1.5" }],
      ["POST", "/v1/campaigns/3/forecast", { algorithm: "predictive", limit: 0.02 }],
    ]);
    expect(answer).toMatchObject({ d: { now: { algorithm: "ratio:1.5" }, changed: { algorithm: "predictive" } } });
  });

  test("keeps the campaign's own ratio where none is given", async () => {
    const s = server();
    await compare(campaign("ratio"), change({ mode: "ratio", agents: 9 }), never, s.ask);
    expect(s.asked.slice(1)).toEqual([["POST", "/v1/campaigns/3/forecast", { algorithm: "ratio:1.5", agents: 9 }]]);
  });

  test.each([1, 2])("gives the problem of request %d", async (at) => {
    const s = server({ at, code: "unavailable", detail: "another forecast is being made; ask again in some seconds" });
    const answer = await compare(campaign("preview"), change({}), never, s.ask);
    expect(answer).toMatchObject({ ok: false, problem: { code: "unavailable" } });
    expect(s.asked).toHaveLength(at);
  });
});

test("modes that agents dial in are simulated as one call per agent", () => {
  expect([algorithmOf("manual", 2), algorithmOf("preview", 2), algorithmOf("ratio", 2), algorithmOf("predictive", 2)]).toEqual([
    "progressive",
    "progressive",
    "ratio:2",
    "predictive",
  ]);
});

test("the table sets the days side by side and marks the limit that is broken", () => {
  const f: Forecast = golden.forecast;
  const both = { ...f, now: { algorithm: "predictive", agents: undefined, figures: f.base }, changed: { algorithm: "ratio:1.5", agents: 25, figures: f.changed } };
  const rows = table(both);
  const row = (name: string) => rows.find((r) => r.name === name);
  expect(row("Algorithm")).toMatchObject({ now: "Predictive", changed: "Ratio 1.5" });
  expect(row("Agents")).toMatchObject({ now: "as on that day", changed: "25 at most" });
  expect(row("Occupancy")).toMatchObject({ now: "81.2 %", bad: [false, false] });
  expect(row("Drop rate")).toMatchObject({ now: "2.61 %", changed: "2.61 %", bad: [false, true] });
  expect(row("Worst hour")).toMatchObject({ now: "4.10 %" });
  expect(row("Wait for a call")).toMatchObject({ now: "14.2 s" });
  expect(row("Dials per answer")).toMatchObject({ now: "3.25" });
  expect(table({ ...both, changed: undefined }).every((r) => r.changed === "" && !r.bad[1])).toBe(true);
  const short = { algorithm: "predictive", agents: undefined, figures: { ...f.base, worst_hour_drop_rate: 0 } };
  expect(table({ ...both, now: short }).find((r) => r.name === "Worst hour")).toMatchObject({ now: "–" });
  expect(basis(both)).toBe("Simulated 3 times from Mon 23 Nov (UTC): 4200 calls, 1302 answered.");
});

test("why there is no forecast is told in plain words", () => {
  expect(troubleOf({ title: "Out of service", code: "unavailable", detail: "another forecast is being made; ask again in some seconds" })).toBe(
    "Another forecast is being made; ask again in some seconds.",
  );
  expect(troubleOf({ title: "Not possible now", code: "conflict", field: "day", detail: "no day of the last 31 has 100 calls" })).toBe(
    "No day of the last 31 has 100 calls.",
  );
  expect(troubleOf({ title: "The input is wrong", code: "invalid", field: "limit", detail: "expected number <= 1" })).toBe("Limit: expected number <= 1");
  expect(troubleOf({ title: "The server cannot be reached." })).toBe("The server cannot be reached.");
  expect(troubleOf({ title: "Not signed in", code: "unauthorized" })).toContain("Sign in again");
});
