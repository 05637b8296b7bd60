import { describe, expect, test } from "vitest";
import { draftOf } from "../src/agent/drafts";
import { type Asked, discountOf, lacking, priceOf, promises, remainderOf } from "../src/agent/promises";
import type { PopOffer } from "../src/protocol.gen";

const offer: PopOffer = {
  version_id: 52,
  name: "a-fifth",
  version: 2,
  language: "en",
  title: "20 % off",
  terms: "For a year.",
  price: "19.90",
  currency: "USD",
  period: "month",
  remaining: 3,
  discount_limit: 5,
  max_discount: 15,
};
const asked: Asked = {
  script_version: 31,
  disclosures: [
    { code: "recorded", text: "This call is recorded.", for: ["sale", "not_interested"] },
    { code: "withdrawal", text: "You may withdraw.", for: ["sale"] },
  ],
  offer,
};
const nothing = { confirmed: [], accepted: false, discount: "" };

describe("a result lacks", () => {
  test.each([
    ["not_available", nothing, ""],
    ["not_interested", nothing, "Confirm that the customer was told: This call is recorded."],
    ["not_interested", { ...nothing, confirmed: ["recorded"] }, ""],
    ["sale", { ...nothing, confirmed: ["recorded"] }, "Confirm that the customer was told: You may withdraw."],
    ["sale", { confirmed: ["recorded", "withdrawal"], accepted: true, discount: "a lot" }, "The discount is no number."],
    ["sale", { confirmed: ["recorded", "withdrawal"], accepted: true, discount: "15.5" }, "The offer allows a discount of 15 % at most."],
    // Above the agent's own limit: the server asks for a supervisor.
    ["sale", { confirmed: ["recorded", "withdrawal"], accepted: true, discount: "10" }, ""],
    ["sale", { confirmed: ["recorded", "withdrawal"], accepted: false, discount: "a lot" }, ""],
  ])("%s with %o: %s", (disposition, promised, text) => {
    expect(lacking(asked, disposition, promised)).toBe(text);
  });

  test("nothing where the record asks for nothing", () => {
    expect(lacking({}, "sale", { confirmed: [], accepted: true, discount: "99" })).toBe("");
  });
});

describe("a result promises", () => {
  const all = { confirmed: ["recorded", "old"], accepted: true, discount: "2,5" };
  test("what was told, and the offer with a sale", () => {
    expect(promises(asked, "sale", all)).toEqual({ script_version: 31, disclosures: ["recorded"], offer: { version_id: 52, discount: 2.5 } });
    expect(promises(asked, "sale", { ...all, discount: "" })).toEqual({ script_version: 31, disclosures: ["recorded"], offer: { version_id: 52 } });
  });
  test("no offer with any other result", () => {
    expect(promises(asked, "not_interested", all)).toEqual({ script_version: 31, disclosures: ["recorded"] });
  });
  test("nothing where the record asks for nothing", () => {
    expect(promises({}, "sale", all)).toEqual({});
  });
});

test("a draft of an older screen promises nothing", () => {
  expect(draftOf({ notes: "a" })).toMatchObject(nothing);
  expect(draftOf({ confirmed: ["recorded", 7], accepted: true, discount: "5" })).toMatchObject({ confirmed: ["recorded"], accepted: true, discount: "5" });
});

test("discounts, prices and remainders are read and shown as they are", () => {
  expect([discountOf(""), discountOf(" 7.5 "), discountOf("-1"), discountOf("1e2")]).toEqual([0, 7.5, Number.NaN, Number.NaN]);
  expect(priceOf(offer)).toBe("19.90 USD a month");
  expect(priceOf({ ...offer, period: undefined })).toBe("19.90 USD");
  expect(remainderOf(offer)).toBe("3 left");
  expect(remainderOf({ ...offer, remaining: undefined })).toBe("");
});
