import { describe, expect, it } from "vitest";
import { keyOf, secondsLeft, shownCall } from "../src/agent/preview";
import type { AgentSnapshot, PreviewView } from "../src/protocol.gen";

const preview: PreviewView = {
  candidate_id: 81,
  campaign_id: 3,
  campaign: "Autumn",
  number: "+12125550142",
  until: "2026-11-24T15:00:30Z",
  on_time_out: "dial",
};

describe("a candidate before the call", () => {
  it("is shown as the call that it would become", () => {
    const s = { preview } as AgentSnapshot;
    expect(shownCall(s)).toMatchObject({ campaign: "Autumn", number: "+12125550142", stage: "dialing" });
    expect(shownCall({} as AgentSnapshot)).toBeUndefined();
  });
  it("gives way to a call", () => {
    const call = { call_id: "c1", number: "+1" } as NonNullable<AgentSnapshot["call"]>;
    expect(shownCall({ preview, call } as AgentSnapshot)).toBe(call);
  });
  it("counts down to zero and not below", () => {
    const end = Date.parse(preview.until);
    expect(secondsLeft(preview.until, end - 29_500)).toBe(30);
    expect(secondsLeft(preview.until, end + 5_000)).toBe(0);
  });
  it("takes keys from nobody who types", () => {
    expect(keyOf("d", false)).toBe("dial");
    expect(keyOf("s", false)).toBe("skip");
    expect(keyOf("x", false)).toBeUndefined();
    expect(keyOf("d", true)).toBeUndefined();
  });
});
